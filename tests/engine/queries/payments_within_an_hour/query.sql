-- Orders with a payment within an hour, and those without one.
CREATE TABLE orders (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE) WITH ('connector' = 'rows');
CREATE TABLE payments (id INT, paid TIMESTAMP(3), WATERMARK FOR paid AS paid - INTERVAL '10' MINUTE)
    WITH ('connector' = 'rows');
SELECT o.id, p.paid FROM orders AS o LEFT JOIN payments AS p
    ON o.id = p.id AND p.paid BETWEEN o.ts AND o.ts + INTERVAL '1' HOUR;
