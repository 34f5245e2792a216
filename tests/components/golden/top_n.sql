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
  rank_number BIGINT
)
WITH (
  'connector' = 'print'
);

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT `user`, item, price, kind, ts, now_at, rank_number
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY kind ORDER BY price DESC) AS rank_number
  FROM events
)
WHERE rank_number <= 3;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts, rank_number
FROM it;
END;
