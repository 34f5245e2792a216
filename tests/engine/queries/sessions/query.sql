-- Visits end after five seconds without a click; a click between two joins them.
CREATE TABLE clicks (name STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' SECOND) WITH ('connector' = 'rows');
SELECT name, window_start, window_end, COUNT(*)
FROM TABLE(SESSION(TABLE clicks PARTITION BY name, DESCRIPTOR(ts), INTERVAL '5' SECOND))
GROUP BY name, window_start, window_end;
