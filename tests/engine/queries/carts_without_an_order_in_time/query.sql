-- Carts that no order follows within ten seconds: by time, so that a later order of the same person does not count.
CREATE TABLE carts (name STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'rows');
CREATE TABLE orders (name STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'rows');
SELECT name, ts FROM carts AS c WHERE NOT EXISTS (
    SELECT 1 FROM orders AS o WHERE o.name = c.name AND o.ts BETWEEN c.ts AND c.ts + INTERVAL '10' SECOND);
