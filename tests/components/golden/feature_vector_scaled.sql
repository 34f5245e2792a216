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
  item BIGINT,
  price DOUBLE,
  kind STRING,
  ts TIMESTAMP(3),
  x ROW<index ARRAY<INT>, `value` ARRAY<FLOAT>>
)
WITH (
  'connector' = 'print'
);

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT *, FEATURES(18, 'price', (price - -2.0E0) / 3.5E0) AS x
FROM events;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts, x
FROM it;
END;
