-- The jobs that `python -m engine.warm` runs: columns and keys of every kind through every operator. Each step is a
-- session of its own, after the tables of the first one.

-- tables
CREATE TABLE csv (id BIGINT, k INT, small SMALLINT, name STRING, price DOUBLE, score FLOAT, amount DECIMAL(10, 2),
  wide DECIMAL(30, 4), ok BOOLEAN, born DATE, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH ('connector' = 'filesystem',
  'path' = '${folder}/csv', 'format' = 'csv');
CREATE TABLE json (id BIGINT, k INT, small SMALLINT, name STRING, price DOUBLE, score FLOAT, amount DECIMAL(10, 2),
  wide DECIMAL(30, 4), ok BOOLEAN, born DATE, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH ('connector' = 'filesystem',
  'path' = '${folder}/json', 'format' = 'json');
CREATE TABLE parquet (id BIGINT, k INT, small SMALLINT, name STRING, price DOUBLE, score FLOAT, amount DECIMAL(10, 2),
  wide DECIMAL(30, 4), ok BOOLEAN, born DATE, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH ('connector' = 'filesystem',
  'path' = '${folder}/parquet', 'format' = 'parquet');

-- writing
CREATE TABLE made (id BIGINT, k INT, small SMALLINT, name STRING, price DOUBLE, score FLOAT, amount DECIMAL(10, 2),
  wide DECIMAL(30, 4), ok BOOLEAN, born DATE) WITH ('connector' = 'datagen', 'rows-per-second' = '0',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '400', 'fields.k.min' = '0',
  'fields.k.max' = '9', 'fields.small.min' = '0', 'fields.small.max' = '3', 'fields.name.length' = '20',
  'fields.name.null-rate' = '0.1', 'fields.price.null-rate' = '0.1', 'fields.amount.null-rate' = '0.1');
INSERT INTO csv SELECT *, CAST(TO_TIMESTAMP_LTZ(id, 0) AS TIMESTAMP(3)) AS t FROM made;
INSERT INTO json SELECT *, CAST(TO_TIMESTAMP_LTZ(id, 0) AS TIMESTAMP(3)) AS t FROM made;
INSERT INTO parquet SELECT *, CAST(TO_TIMESTAMP_LTZ(id, 0) AS TIMESTAMP(3)) AS t FROM made;

-- reading
SELECT * FROM csv WHERE k < 5 AND price > 0.1;
SELECT * FROM json WHERE k < 5 AND price > 0.1;
SELECT * FROM parquet WHERE k < 5 AND price > 0.1;

-- groups
SELECT k, COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price), MAX(score), MIN(id), MAX(small),
  SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t), MIN(born), COUNT(name), COUNT(*)
  FILTER (WHERE ok), STDDEV_POP(price) FROM csv GROUP BY k;
SELECT id, COUNT(*), SUM(price), MAX(name) FROM csv GROUP BY id;
SELECT name, COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price), MAX(score), MIN(id),
  MAX(small), SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t), MIN(born), COUNT(name),
  COUNT(*) FILTER (WHERE ok), STDDEV_POP(price) FROM parquet GROUP BY name;
SELECT k, small, COUNT(*), SUM(price), MAX(name) FROM csv GROUP BY k, small;
SELECT name, k, COUNT(*), SUM(price), MAX(name) FROM csv GROUP BY name, k;
SELECT wide, id, t, COUNT(*), SUM(price), MAX(name) FROM csv GROUP BY wide, id, t;
SELECT COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price), MAX(score), MIN(id), MAX(small),
  SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t), MIN(born), COUNT(name), COUNT(*)
  FILTER (WHERE ok), STDDEV_POP(price) FROM parquet;
SELECT k, COUNT(DISTINCT name), COUNT(DISTINCT id) FROM parquet GROUP BY k;
SELECT k, LISTAGG(name), FIRST_VALUE(name), LAST_VALUE(price) FROM parquet GROUP BY k;

-- groups of groups
CREATE VIEW recent AS SELECT k, COUNT(*) AS n, SUM(price) AS s, MAX(name) AS name, MAX(t) AS t FROM csv GROUP BY k;
SELECT n, COUNT(*), SUM(s), AVG(s), MIN(s), MAX(name), MAX(t) FROM recent GROUP BY n;

-- small batches
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '1 s';
SELECT k, COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price), MAX(score), MIN(id), MAX(small),
  SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t), MIN(born), COUNT(name), COUNT(*)
  FILTER (WHERE ok), STDDEV_POP(price) FROM csv GROUP BY k;
SELECT name, COUNT(*), SUM(price), MAX(name) FROM csv GROUP BY name;

-- windows
SELECT window_start, window_end, k, COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price),
  MAX(score), MIN(id), MAX(small), SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t),
  MIN(born), COUNT(name), COUNT(*) FILTER (WHERE ok), STDDEV_POP(price) FROM TABLE(TUMBLE(TABLE parquet,
  DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k;
SELECT window_start, window_end, k, COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price),
  MAX(score), MIN(id), MAX(small), SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t),
  MIN(born), COUNT(name), COUNT(*) FILTER (WHERE ok), STDDEV_POP(price) FROM TABLE(HOP(TABLE csv, DESCRIPTOR(t),
  INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, k;
SELECT window_start, window_end, k, COUNT(*), SUM(small), SUM(id), SUM(price), AVG(price), AVG(id), MIN(price),
  MAX(score), MIN(id), MAX(small), SUM(amount), MIN(amount), SUM(wide), MAX(wide), MIN(name), MAX(name), MAX(t),
  MIN(born), COUNT(name), COUNT(*) FILTER (WHERE ok), STDDEV_POP(price) FROM TABLE(CUMULATE(TABLE parquet,
  DESCRIPTOR(t), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, k;
SELECT window_start, window_end, name, COUNT(*), COUNT(DISTINCT id) FROM TABLE(TUMBLE(TABLE parquet, DESCRIPTOR(t),
  INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, name;
SELECT k, COUNT(*), SUM(price) FROM parquet GROUP BY k, SESSION(t, INTERVAL '1' MINUTE);

-- over
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM parquet WINDOW w AS (PARTITION BY k ORDER BY t ROWS BETWEEN UNBOUNDED
  PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM parquet WINDOW w AS (PARTITION BY k ORDER BY t ROWS BETWEEN 5 PRECEDING
  AND CURRENT ROW);
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM parquet WINDOW w AS (PARTITION BY k ORDER BY t RANGE BETWEEN UNBOUNDED
  PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM parquet WINDOW w AS (PARTITION BY k ORDER BY t RANGE BETWEEN INTERVAL '1'
  MINUTE PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM csv WINDOW w AS (PARTITION BY name ORDER BY t ROWS BETWEEN UNBOUNDED
  PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM csv WINDOW w AS (PARTITION BY name ORDER BY t RANGE BETWEEN INTERVAL '1'
  MINUTE PRECEDING AND CURRENT ROW);
SELECT id, COUNT(*) OVER w, SUM(price) OVER w, SUM(id) OVER w, SUM(small) OVER w, AVG(price) OVER w, MIN(price) OVER
  w, MAX(id) OVER w, SUM(amount) OVER w FROM parquet WINDOW w AS (PARTITION BY id, k ORDER BY t ROWS BETWEEN UNBOUNDED
  PRECEDING AND CURRENT ROW);
SELECT LAG(id) OVER w, LAG(name) OVER w FROM csv WINDOW w AS (PARTITION BY k ORDER BY t);

-- ranks
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY price DESC) AS place FROM parquet) WHERE place <=
  3;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY name, id) AS place FROM parquet) WHERE place <= 3;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY wide) AS place FROM parquet) WHERE place <= 3;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY t DESC) AS place FROM parquet) WHERE place <= 3;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY name ORDER BY t) AS place FROM parquet) WHERE place <= 1;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY name ORDER BY t DESC) AS place FROM parquet) WHERE place <= 1;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, small ORDER BY t) AS place FROM csv) WHERE place <= 1;
CREATE VIEW recent AS SELECT k, COUNT(*) AS n, SUM(price) AS s, MAX(name) AS name, MAX(t) AS t FROM csv GROUP BY k;
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY n ORDER BY s DESC) AS place FROM recent) WHERE place <= 3;
SELECT * FROM (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY price) AS
  place FROM TABLE(TUMBLE(TABLE parquet, DESCRIPTOR(t), INTERVAL '1' MINUTE))) WHERE place <= 2);

-- joins
SELECT a.id, b.name, b.price FROM parquet a JOIN csv b ON a.id = b.id;
SELECT a.id, b.name, b.price FROM parquet a LEFT JOIN csv b ON a.id = b.id;
SELECT a.id, b.name, b.price FROM parquet a LEFT JOIN csv b ON a.name = b.name;
CREATE VIEW recent AS SELECT k, COUNT(*) AS n, SUM(price) AS s, MAX(name) AS name, MAX(t) AS t FROM csv GROUP BY k;
SELECT a.id, b.n FROM parquet a LEFT JOIN recent b ON a.k = b.k;

-- joins in time
SELECT a.id, b.name FROM parquet a JOIN csv b ON a.k = b.k AND b.t BETWEEN a.t AND a.t + INTERVAL '10' SECOND;
SELECT a.id, b.name FROM parquet a LEFT JOIN csv b ON a.k = b.k AND b.t BETWEEN a.t AND a.t + INTERVAL '10' SECOND;
CREATE TABLE changing (k INT, name STRING, price DOUBLE, t TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR t
  AS t) WITH ('connector' = 'pipe');
INSERT INTO changing SELECT k, MAX(name), MAX(price), MAX(t) FROM csv GROUP BY k;
SELECT a.id, v.name, v.price FROM parquet a LEFT JOIN changing FOR SYSTEM_TIME AS OF a.t AS v ON a.k = v.k;

-- lookups
CREATE TABLE dimension (k STRING, cf ROW<name STRING, price DOUBLE, n BIGINT>, PRIMARY KEY (k) NOT ENFORCED) WITH
  ('connector' = 'hbase-2.2', 'table-name' = 'dimension', 'zookeeper.quorum' = 'embedded:');
CREATE VIEW now AS SELECT *, PROCTIME() AS p FROM parquet;
INSERT INTO dimension SELECT name, ROW(MAX(name), MAX(price), COUNT(*)) FROM csv GROUP BY name;
SELECT a.id, d.cf FROM now a LEFT JOIN dimension FOR SYSTEM_TIME AS OF a.p AS d ON a.name = d.k;

-- learners
CREATE TABLE models (g STRING NOT NULL, t TIMESTAMP(3), m ROW<model STRING, version BIGINT, samples BIGINT, logloss
  DOUBLE, auc DOUBLE>, PRIMARY KEY (g) NOT ENFORCED, WATERMARK FOR t AS t) WITH ('connector' = 'pipe');
CREATE VIEW samples AS SELECT t, ok, CAST('g' AS STRING) AS g, FEATURES(12, 'k', k, 'name', name, 'price', price,
  'amount', amount, 'ok', ok, 'cross', FEATURE_CROSS(k, name, price)) AS x FROM parquet;
INSERT INTO models SELECT g, MAX(t), FTRL(ok, x, 'bits=12, publish_every=50') FROM samples GROUP BY g;
SELECT COUNT(*), AUC(y, p), LOGLOSS(y, p) FROM (SELECT ok AS y, PREDICT(m.m, s.x) AS p FROM samples s LEFT JOIN models
  FOR SYSTEM_TIME AS OF s.t AS m ON s.g = m.g);
SELECT GAUSSIAN(ok, FEATURES(12, 'k', k, 'name', name, 'price', price, 'amount', amount, 'ok', ok, 'cross',
  FEATURE_CROSS(k, name, price)), 'bits=12, publish_every=50, shards=1') FROM csv;
SELECT GAUSSIAN(ok, FEATURES(12, 'k', k, 'name', name, 'price', price, 'amount', amount, 'ok', ok, 'cross',
  FEATURE_CROSS(k, name, price)), 'bits=12, publish_every=50, shards=2') FROM csv;

-- functions
SELECT UPPER(name), LOWER(name), SUBSTRING(name, 2, 3), name || 'x', CONCAT(name, 'a'), TRIM(name), CHAR_LENGTH(name),
  POSITION('a' IN name), REPLACE(name, 'a', 'b'), SPLIT_INDEX(name, 'a', 0), REGEXP_EXTRACT(name, '(a+)', 1), CAST(id
  AS STRING), CAST(price AS STRING), CAST(t AS STRING), CAST(CAST(id AS STRING) AS BIGINT), DATE_FORMAT(t, 'yyyy-MM-dd
  HH:mm'), COALESCE(name, 'x'), JSON_VALUE('{"a": 1}', '$.a') FROM csv WHERE name LIKE 'a%' OR name LIKE '%b%' OR name
  IN ('x', 'y') OR k < 8;
SELECT UPPER(name), LOWER(name), SUBSTRING(name, 2, 3), name || 'x', CONCAT(name, 'a'), TRIM(name), CHAR_LENGTH(name),
  POSITION('a' IN name), REPLACE(name, 'a', 'b'), SPLIT_INDEX(name, 'a', 0), REGEXP_EXTRACT(name, '(a+)', 1), CAST(id
  AS STRING), CAST(price AS STRING), CAST(t AS STRING), CAST(CAST(id AS STRING) AS BIGINT), DATE_FORMAT(t, 'yyyy-MM-dd
  HH:mm'), COALESCE(name, 'x'), JSON_VALUE('{"a": 1}', '$.a'), amount * amount, wide + wide, amount / 3, MOD(id, 7),
  LN(price + 1), FLOOR(price), ROUND(price, 2), CAST(amount AS DOUBLE), EXTRACT(HOUR FROM t), TO_TIMESTAMP_LTZ(id, 0),
  CASE WHEN k > 3 THEN name ELSE 'few' END FROM parquet;
SELECT id, name FROM csv UNION ALL SELECT id, name FROM json;

-- shards
SET 'parallelism.default' = '2';
SELECT k, COUNT(*), SUM(price), MAX(name) FROM csv GROUP BY k;
SELECT name, COUNT(*) FROM parquet GROUP BY name;
SELECT k, COUNT(*) FROM parquet WHERE k < 5 GROUP BY k, small;
SELECT COUNT(*) FROM csv;
