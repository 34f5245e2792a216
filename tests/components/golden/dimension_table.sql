-- pipeline: sample
SET 'pipeline.name' = 'sample';

-- node: it
CREATE TABLE it (
  item BIGINT,
  cf ROW<category BIGINT, title STRING>,
  PRIMARY KEY (item) NOT ENFORCED
)
WITH (
  'connector' = 'hbase-2.2',
  'table-name' = 'it',
  'zookeeper.quorum' = 'embedded:state/hbase'
);

-- node: it
CREATE TABLE it__file (
  item BIGINT,
  category BIGINT,
  title STRING
)
WITH (
  'connector' = 'filesystem',
  'path' = 'items.csv',
  'format' = 'csv'
);

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
  title STRING
)
WITH (
  'connector' = 'filesystem',
  'path' = 'state/end',
  'format' = 'json'
);
SET 'table.dml-sync' = 'true';

-- node: it
INSERT INTO it
SELECT item, ROW(category, title)
FROM it__file;
SET 'table.dml-sync' = 'false';

-- node: joined
CREATE TEMPORARY VIEW joined AS
SELECT r.*, d.cf.title
FROM events AS r
LEFT JOIN it FOR SYSTEM_TIME AS OF r.now_at AS d ON r.item = d.item;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts, title
FROM joined;
END;
