-- HAVING: a group is there while it has two rows.
CREATE TABLE members (team INT, name STRING) WITH ('connector' = 'rows');
SELECT team, COUNT(*), MAX(name) FROM members GROUP BY team HAVING COUNT(*) >= 2;
