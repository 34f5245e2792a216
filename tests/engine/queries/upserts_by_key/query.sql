-- A table that only says what is new, aggregated: what was there before is found again.
CREATE TABLE prices (item STRING, price BIGINT, PRIMARY KEY (item) NOT ENFORCED) WITH ('connector' = 'rows');
SELECT COUNT(*), SUM(price) FROM prices;
