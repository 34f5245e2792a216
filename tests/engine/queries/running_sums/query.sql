-- The account after each booking, and the last two together, in the order of their time.
CREATE TABLE bookings (account INT, amount BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH ('connector' = 'rows');
SELECT account, amount, SUM(amount) OVER w,
    SUM(amount) OVER (PARTITION BY account ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),
    LAG(amount, 1, 0) OVER w
FROM bookings WINDOW w AS (PARTITION BY account ORDER BY ts);
