-- Each order at the rate of its own time.
CREATE TABLE orders (id INT, currency STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
    WITH ('connector' = 'rows');
CREATE TABLE rates (currency STRING, rate DECIMAL(10, 2), since TIMESTAMP(3), WATERMARK FOR since AS since,
    PRIMARY KEY (currency) NOT ENFORCED) WITH ('connector' = 'rows');
SELECT id, amount * rate FROM orders JOIN rates FOR SYSTEM_TIME AS OF orders.ts ON orders.currency = rates.currency;
