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
  ts TIMESTAMP(3)
)
WITH (
  'connector' = 'print'
);

-- node: orders
CREATE TEMPORARY VIEW orders AS
SELECT *
FROM events
WHERE kind = 'order';

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT `user`, item, price, kind, ts
FROM events
UNION ALL
SELECT `user`, item, price, kind, ts
FROM orders;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts
FROM it;
END;
