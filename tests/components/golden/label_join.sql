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
  label INT,
  known_at TIMESTAMP(3),
  label_time TIMESTAMP(3)
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
CREATE TEMPORARY VIEW it__joined AS
SELECT e.`user`, e.item, e.price, e.kind, e.ts, CASE WHEN o.`user` IS NULL THEN 0 ELSE 1 END AS label
FROM events AS e
LEFT JOIN orders AS o ON e.`user` = o.`user` AND o.ts > e.ts AND o.ts <= e.ts + INTERVAL '10' MINUTE;

-- node: it
CREATE TEMPORARY VIEW it AS
SELECT
  `user`,
  item,
  price,
  kind,
  ts,
  MAX(label) AS label,
  ts + INTERVAL '10' MINUTE AS known_at,
  window_time AS label_time
FROM TABLE(TUMBLE(TABLE it__joined, DESCRIPTOR(ts), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time, `user`, item, price, kind, ts;

EXECUTE STATEMENT SET
BEGIN
-- node: end
INSERT INTO `end`
SELECT `user`, item, price, kind, ts, label, known_at, label_time
FROM it;
END;
