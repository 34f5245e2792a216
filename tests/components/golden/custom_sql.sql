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
  price DOUBLE
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
SELECT e.`user`, o.price
FROM events AS e
JOIN orders AS o ON e.item = o.item;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, price
FROM it;
END;
