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

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT `user`, item, price, kind, ts, now_at
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY `user`, item ORDER BY ts DESC) AS row_num
  FROM events
)
WHERE row_num = 1;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts
FROM it;
END;
