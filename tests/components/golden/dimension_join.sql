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

-- node: items
CREATE TABLE items (
  item BIGINT,
  cf ROW<category BIGINT, title STRING>,
  PRIMARY KEY (item) NOT ENFORCED
)
WITH (
  'connector' = 'hbase-2.2',
  'table-name' = 'items',
  'zookeeper.quorum' = 'embedded:state/hbase'
);

-- node: items
CREATE TABLE items__file (
  item BIGINT,
  category BIGINT,
  title STRING
)
WITH (
  'connector' = 'filesystem',
  'path' = 'items.csv',
  'format' = 'csv'
);

-- node: end
CREATE TABLE `end` (
  `user` BIGINT,
  item BIGINT,
  price DOUBLE,
  kind STRING,
  ts TIMESTAMP(3),
  category BIGINT,
  title STRING
)
WITH (
  'connector' = 'print'
);
SET 'table.dml-sync' = 'true';

-- node: items
INSERT INTO items
SELECT item, ROW(category, title)
FROM items__file;
SET 'table.dml-sync' = 'false';

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT r.*, d.cf.category, d.cf.title
FROM events AS r
JOIN items FOR SYSTEM_TIME AS OF r.now_at AS d ON r.item = d.item;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts, category, title
FROM it;
END;
