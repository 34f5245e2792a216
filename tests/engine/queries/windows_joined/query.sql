-- Windows of two streams joined, and aggregated again.
CREATE TABLE looks (item INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'rows');
CREATE TABLE buys (item INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'rows');
CREATE VIEW v AS SELECT window_start, window_end, item, COUNT(*) AS n
    FROM TABLE(TUMBLE(TABLE looks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, item;
CREATE VIEW b AS SELECT window_start, window_end, item, COUNT(*) AS n
    FROM TABLE(TUMBLE(TABLE buys, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, item;
SELECT v.window_start, SUM(v.n), SUM(COALESCE(b.n, 0)) FROM v LEFT JOIN b
    ON v.item = b.item AND v.window_start = b.window_start AND v.window_end = b.window_end
GROUP BY v.window_start;
