-- What is in a but not in b, each as often as it is more there.
CREATE TABLE a (x INT) WITH ('connector' = 'rows');
CREATE TABLE b (x INT) WITH ('connector' = 'rows');
SELECT 'only a', x FROM (SELECT x FROM a EXCEPT ALL SELECT x FROM b)
UNION ALL SELECT 'both', x FROM (SELECT x FROM a INTERSECT SELECT x FROM b)
UNION ALL SELECT 'any', x FROM (SELECT x FROM a UNION SELECT x FROM b);
