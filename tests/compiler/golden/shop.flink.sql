-- pipeline: shop
SET 'pipeline.name' = 'shop';
SET 'execution.checkpointing.interval' = '5 s';

-- node: shop
CREATE TABLE shop (
  event STRING,
  impression_id BIGINT,
  user_id BIGINT,
  item_id BIGINT,
  category_id BIGINT,
  device STRING,
  price DOUBLE,
  hour_of_day BIGINT,
  p_true DOUBLE,
  event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
)
WITH (
  'connector' = 'kafka',
  'topic' = 'shop',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

-- node: model
CREATE TABLE model (
  name STRING,
  known_at TIMESTAMP(3),
  model ROW<model STRING, version BIGINT, samples BIGINT, logloss DOUBLE, auc DOUBLE>,
  WATERMARK FOR known_at AS known_at - INTERVAL '0.001' SECOND,
  PRIMARY KEY (name) NOT ENFORCED
)
WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'model',
  'properties.bootstrap.servers' = 'localhost:9092',
  'key.format' = 'json',
  'value.format' = 'json'
);

-- node: user_features
CREATE TABLE user_features (
  user_id BIGINT NOT NULL,
  features ROW<seen BIGINT, as_of TIMESTAMP(3)>,
  PRIMARY KEY (user_id) NOT ENFORCED
)
WITH (
  'connector' = 'hbase-2.2',
  'table-name' = 'user_features',
  'zookeeper.quorum' = 'localhost:2181'
);

-- node: item_features
CREATE TABLE item_features (
  item_id BIGINT NOT NULL,
  features ROW<category_id BIGINT, price DOUBLE, as_of TIMESTAMP(3)>,
  PRIMARY KEY (item_id) NOT ENFORCED
)
WITH (
  'connector' = 'hbase-2.2',
  'table-name' = 'item_features',
  'zookeeper.quorum' = 'localhost:2181'
);

-- node: predictions
CREATE TABLE predictions (
  impression_id BIGINT,
  p DOUBLE
)
WITH (
  'connector' = 'filesystem',
  'path' = 'state/predictions',
  'format' = 'json'
);

-- node: hourly
CREATE TABLE hourly (
  window_end TIMESTAMP(3),
  auc DOUBLE,
  logloss DOUBLE,
  best_logloss DOUBLE,
  impressions BIGINT
)
WITH (
  'connector' = 'print'
);

-- node: at_the_end
CREATE TABLE at_the_end (
  auc DOUBLE,
  logloss DOUBLE,
  best_logloss DOUBLE,
  click_rate DOUBLE
)
WITH (
  'connector' = 'print'
);

-- node: impressions
CREATE TEMPORARY VIEW impressions AS
SELECT *
FROM shop
WHERE event = 'impression';

-- node: clicks
CREATE TEMPORARY VIEW clicks AS
SELECT *
FROM shop
WHERE event = 'click';

-- node: recent
CREATE TEMPORARY VIEW recent AS
SELECT *, COUNT(*) OVER w AS seen
FROM impressions
WINDOW w AS (PARTITION BY user_id ORDER BY event_time RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING AND CURRENT ROW);

-- node: computed
CREATE TEMPORARY VIEW computed AS
SELECT
  impression_id,
  user_id,
  item_id,
  category_id,
  device,
  p_true,
  event_time,
  hour_of_day / 4 AS part,
  CASE WHEN seen > 9 THEN 8 ELSE seen - 1 END AS recent,
  LN(price) - 3E0 AS price
FROM recent;

-- node: vectors
CREATE TEMPORARY VIEW vectors AS
SELECT
  impression_id,
  p_true,
  event_time,
  FEATURES(18, 'device_category', FEATURE_CROSS(device, category_id), 'category_part', FEATURE_CROSS(category_id, part), 'user', user_id, 'item', item_id, 'category', category_id, 'device', device, 'part', part, 'recent', recent, 'price', price) AS features
FROM computed;

-- node: labelled
CREATE TEMPORARY VIEW labelled__joined AS
SELECT
  e.impression_id,
  e.p_true,
  e.event_time,
  e.features,
  CASE WHEN o.impression_id IS NULL THEN 0 ELSE 1 END AS label
FROM vectors AS e
LEFT JOIN clicks AS o ON e.impression_id = o.impression_id AND o.event_time > e.event_time AND o.event_time <= e.event_time + INTERVAL '10' MINUTE;

-- node: labelled
CREATE TEMPORARY VIEW labelled AS
SELECT
  impression_id,
  p_true,
  event_time,
  features,
  MAX(label) AS label,
  event_time + INTERVAL '10' MINUTE AS known_at,
  window_time AS label_time
FROM TABLE(TUMBLE(TABLE labelled__joined, DESCRIPTOR(event_time), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time, impression_id, p_true, event_time, features;

-- node: predicted
CREATE TEMPORARY VIEW predicted AS
SELECT
  r.impression_id,
  r.p_true,
  r.event_time,
  r.features,
  PREDICT(m.model.model, m.model.version, r.features) AS p
FROM (
  SELECT *, CASE WHEN event_time IS NOT NULL THEN CAST('model' AS STRING) END AS model_name
  FROM vectors
) AS r
LEFT JOIN model FOR SYSTEM_TIME AS OF r.event_time AS m ON r.model_name = m.name;

-- node: answers
CREATE TEMPORARY VIEW answers AS
SELECT impression_id, p, p_true, event_time
FROM predicted;

-- node: scored
CREATE TEMPORARY VIEW scored__joined AS
SELECT
  e.impression_id,
  e.p,
  e.p_true,
  e.event_time,
  CASE WHEN o.impression_id IS NULL THEN 0 ELSE 1 END AS label
FROM answers AS e
LEFT JOIN clicks AS o ON e.impression_id = o.impression_id AND o.event_time > e.event_time AND o.event_time <= e.event_time + INTERVAL '10' MINUTE;

-- node: scored
CREATE TEMPORARY VIEW scored AS
SELECT
  impression_id,
  p,
  p_true,
  event_time,
  MAX(label) AS label,
  event_time + INTERVAL '10' MINUTE AS known_at,
  window_time AS label_time
FROM TABLE(TUMBLE(TABLE scored__joined, DESCRIPTOR(event_time), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time, impression_id, p, p_true, event_time;

EXECUTE STATEMENT SET
BEGIN
-- node: model
INSERT INTO model
SELECT
  name,
  MAX(known_at) AS known_at,
  GAUSSIAN(label, features, 'name=model, bits=18, publish_every=1000, variance=0.3') AS model
FROM (
  SELECT CAST('model' AS STRING) AS name, known_at, label, features
  FROM labelled
)
GROUP BY name;
-- node: user_features
INSERT INTO user_features
SELECT user_id, ROW(seen, event_time) AS features
FROM recent
WHERE user_id IS NOT NULL;
-- node: item_features
INSERT INTO item_features
SELECT item_id, ROW(category_id, price, event_time) AS features
FROM recent
WHERE item_id IS NOT NULL;
-- node: predictions
INSERT INTO predictions
SELECT impression_id, p
FROM predicted;
-- node: hourly
INSERT INTO hourly
SELECT
  window_end,
  AUC(label, p) AS auc,
  LOGLOSS(label, p) AS logloss,
  LOGLOSS(label, p_true) AS best_logloss,
  COUNT(*) AS impressions
FROM TABLE(TUMBLE(TABLE scored, DESCRIPTOR(label_time), INTERVAL '1' HOUR))
WHERE p IS NOT NULL
GROUP BY window_start, window_end;
-- node: at_the_end
INSERT INTO at_the_end
SELECT
  AUC(label, p) AS auc,
  LOGLOSS(label, p) AS logloss,
  LOGLOSS(label, p_true) AS best_logloss,
  AVG(CAST(label AS DOUBLE)) AS click_rate
FROM scored
WHERE p IS NOT NULL AND impression_id >= 900000;
END;
