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
  item BIGINT NOT NULL,
  features ROW<price DOUBLE, kind STRING, as_of TIMESTAMP(3)>,
  PRIMARY KEY (item) NOT ENFORCED
)
WITH (
  'connector' = 'hbase-2.2',
  'table-name' = 'it',
  'zookeeper.quorum' = 'embedded:state/hbase',
  'embedded.versions' = '1'
);

EXECUTE STATEMENT SET
BEGIN
-- node: it
INSERT INTO it
SELECT item, ROW(price, kind, ts) AS features
FROM events
WHERE item IS NOT NULL;
END;
