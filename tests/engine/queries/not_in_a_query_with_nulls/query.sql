-- NOT IN with a NULL in the list is never true; NOT EXISTS does not mind.
CREATE TABLE a (x INT) WITH ('connector' = 'rows');
CREATE TABLE b (x INT) WITH ('connector' = 'rows');
SELECT 'not in', x FROM a WHERE x NOT IN (SELECT x FROM b WHERE x IS NULL OR x < 3)
UNION ALL SELECT 'not in 3', x FROM a WHERE x NOT IN (SELECT x FROM b WHERE x >= 3)
UNION ALL SELECT 'not exists', x FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
