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
  `user` BIGINT NOT NULL,
  item BIGINT,
  price DOUBLE,
  kind STRING,
  ts TIMESTAMP(3),
  PRIMARY KEY (`user`) NOT ENFORCED
)
WITH (
  'connector' = 'print'
);

EXECUTE STATEMENT SET
BEGIN
-- node: it
INSERT INTO it
SELECT `user`, item, price, kind, ts
FROM events
ON CONFLICT DO DEDUPLICATE;
END;
