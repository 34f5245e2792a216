-- Comparisons with ANY and ALL of a query's rows, some of them NULL, or none there; b's 7 does not stay.
CREATE TABLE a (i INT, x INT) WITH ('connector' = 'rows');
CREATE TABLE b (x INT) WITH ('connector' = 'rows');
SELECT '< ANY x < 6', i, x < ANY (SELECT x FROM b WHERE x < 6) FROM a
UNION ALL SELECT '>= ANY x < 6', i, x >= ANY (SELECT x FROM b WHERE x < 6) FROM a
UNION ALL SELECT '<> ANY x < 6', i, x <> ANY (SELECT x FROM b WHERE x < 6) FROM a
UNION ALL SELECT '> ALL x < 6', i, x > ALL (SELECT x FROM b WHERE x < 6) FROM a
UNION ALL SELECT '<= ALL x < 6', i, x <= ALL (SELECT x FROM b WHERE x < 6) FROM a
UNION ALL SELECT '= ALL x < 6', i, x = ALL (SELECT x FROM b WHERE x < 6) FROM a
UNION ALL SELECT '< ANY x IS NULL OR x < 4', i, x < ANY (SELECT x FROM b WHERE x IS NULL OR x < 4) FROM a
UNION ALL SELECT '>= ANY x IS NULL OR x < 4', i, x >= ANY (SELECT x FROM b WHERE x IS NULL OR x < 4) FROM a
UNION ALL SELECT '<> ANY x IS NULL OR x < 4', i, x <> ANY (SELECT x FROM b WHERE x IS NULL OR x < 4) FROM a
UNION ALL SELECT '> ALL x IS NULL OR x < 4', i, x > ALL (SELECT x FROM b WHERE x IS NULL OR x < 4) FROM a
UNION ALL SELECT '<= ALL x IS NULL OR x < 4', i, x <= ALL (SELECT x FROM b WHERE x IS NULL OR x < 4) FROM a
UNION ALL SELECT '= ALL x IS NULL OR x < 4', i, x = ALL (SELECT x FROM b WHERE x IS NULL OR x < 4) FROM a
UNION ALL SELECT '< ANY x > 9', i, x < ANY (SELECT x FROM b WHERE x > 9) FROM a
UNION ALL SELECT '>= ANY x > 9', i, x >= ANY (SELECT x FROM b WHERE x > 9) FROM a
UNION ALL SELECT '<> ANY x > 9', i, x <> ANY (SELECT x FROM b WHERE x > 9) FROM a
UNION ALL SELECT '> ALL x > 9', i, x > ALL (SELECT x FROM b WHERE x > 9) FROM a
UNION ALL SELECT '<= ALL x > 9', i, x <= ALL (SELECT x FROM b WHERE x > 9) FROM a
UNION ALL SELECT '= ALL x > 9', i, x = ALL (SELECT x FROM b WHERE x > 9) FROM a
UNION ALL SELECT 'kept', i, TRUE FROM a WHERE x >= ALL (SELECT x FROM b WHERE x < 6)
UNION ALL SELECT 'kept of the same', i, TRUE FROM a WHERE x + 2 > ANY (SELECT x FROM b WHERE b.x = a.x);
