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

-- node: end
CREATE TABLE `end` (
  `user` BIGINT,
  ts TIMESTAMP(3),
  features ROW<index ARRAY<INT>, `value` ARRAY<FLOAT>>
)
WITH (
  'connector' = 'print'
);

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT
  `user`,
  ts,
  FEATURES(20, 'user', `user`, 'pair', FEATURE_CROSS(`user`, item), 'price', CASE WHEN price >= 9.5E0 THEN 2 WHEN price >= 1.0E0 THEN 1 WHEN price < 1.0E0 THEN 0 END, 'log_price', LN(price)) AS features
FROM events;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, ts, features
FROM it;
END;
