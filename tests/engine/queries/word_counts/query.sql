-- Counts of words, right after each line.
CREATE TABLE lines (line STRING) WITH ('connector' = 'rows');
SELECT word, COUNT(*) FROM lines CROSS JOIN UNNEST(SPLIT(line, ' ')) AS t (word) GROUP BY word;
