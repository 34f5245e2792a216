-- A query as a value: it moves with every row.
CREATE TABLE marks (name STRING, mark DOUBLE) WITH ('connector' = 'rows');
SELECT name FROM marks WHERE mark > (SELECT AVG(mark) FROM marks);
