-- Sums by city and product, by city, and of all.
CREATE TABLE sales (city STRING, product STRING, n INT) WITH ('connector' = 'rows');
SELECT city, product, GROUPING_ID(city, product), SUM(n) FROM sales GROUP BY ROLLUP (city, product);
