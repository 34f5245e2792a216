-- pipeline: sample
SET 'pipeline.name' = 'sample';

-- node: events
CREATE TABLE events (
  `user` BIGINT,
  item BIGINT,
  price DOUBLE,
  kind STRING,
  ts TIMESTAMP(3),
  now_at AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
)
WITH (
  'connector' = 'filesystem',
  'path' = 'events.csv',
  'format' = 'csv'
);

-- node: it
CREATE TABLE it (
  name STRING,
  known_at TIMESTAMP(3),
  model ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>,
  WATERMARK FOR known_at AS known_at - INTERVAL '0.001' SECOND,
  PRIMARY KEY (name) NOT ENFORCED
)
WITH (
  'connector' = 'pipe'
);

-- node: orders
CREATE TEMPORARY VIEW orders AS
SELECT *
FROM events
WHERE kind = 'order';

-- node: vectors
CREATE TEMPORARY VIEW vectors AS
SELECT *, FEATURES(18, 'user', `user`, 'item', item) AS features
FROM events;

-- node: labelled
CREATE TEMPORARY VIEW labelled__joined AS
SELECT
  e.`user`,
  e.item,
  e.price,
  e.kind,
  e.ts,
  e.features,
  CASE WHEN o.`user` IS NULL THEN 0 ELSE 1 END AS label
FROM vectors AS e
LEFT JOIN orders AS o ON e.`user` = o.`user` AND o.ts > e.ts AND o.ts <= e.ts + INTERVAL '10' MINUTE;

-- node: labelled
CREATE TEMPORARY VIEW labelled AS
SELECT
  `user`,
  item,
  price,
  kind,
  ts,
  features,
  MAX(label) AS label,
  ts + INTERVAL '10' MINUTE AS known_at,
  window_time AS label_time
FROM TABLE(TUMBLE(TABLE labelled__joined, DESCRIPTOR(ts), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time, `user`, item, price, kind, ts, features;

EXECUTE STATEMENT SET
BEGIN
-- node: it
INSERT INTO it
SELECT
  name,
  MAX(known_at) AS known_at,
  GAUSSIAN(label, features, 'name=it, bits=18, publish_every=50, variance=0.1') AS model
FROM (
  SELECT CAST('it' AS STRING) AS name, known_at, label, features
  FROM labelled
)
GROUP BY name;
END;
