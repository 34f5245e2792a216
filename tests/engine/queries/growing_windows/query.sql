-- Sums of each day so far, every hour.
CREATE TABLE sales (n BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'rows');
SELECT window_end, SUM(n) FROM TABLE(CUMULATE(TABLE sales, DESCRIPTOR(ts), INTERVAL '8' HOUR, INTERVAL '1' DAY))
GROUP BY window_start, window_end;
