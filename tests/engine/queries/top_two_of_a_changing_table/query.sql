-- The two best prices of each shop; a deleted one lets the next come up.
CREATE TABLE offers (shop INT, price BIGINT) WITH ('connector' = 'rows');
SELECT shop, price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY shop ORDER BY price) AS place FROM offers)
WHERE place <= 2;
