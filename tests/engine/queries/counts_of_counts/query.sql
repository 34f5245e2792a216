-- How many words come how often: a word that comes again leaves one count and enters the next.
CREATE TABLE words (word STRING) WITH ('connector' = 'rows');
CREATE VIEW counts AS SELECT word, COUNT(*) AS n FROM words GROUP BY word;
SELECT n, COUNT(*) FROM counts GROUP BY n;
