-- Orders with their customer, NULL as long as there is none.
CREATE TABLE orders (id INT, customer INT) WITH ('connector' = 'rows');
CREATE TABLE customers (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'rows');
SELECT o.id, c.name FROM orders AS o LEFT JOIN customers AS c ON o.customer = c.id;
