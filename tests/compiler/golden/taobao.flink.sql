-- pipeline: taobao
SET 'pipeline.name' = 'taobao';

-- node: events
CREATE TABLE events (
  `user` BIGINT,
  item BIGINT,
  listed_category BIGINT,
  behaviour STRING,
  unix BIGINT,
  ts AS TO_TIMESTAMP_LTZ(unix, 0),
  now_at AS PROCTIME(),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
)
WITH (
  'connector' = 'filesystem',
  'path' = 'taobao_users.csv.gz',
  'format' = 'csv'
);

-- node: items
CREATE TABLE items (
  item BIGINT,
  cf ROW<category BIGINT>,
  PRIMARY KEY (item) NOT ENFORCED
)
WITH (
  'connector' = 'hbase-2.2',
  'table-name' = 'items',
  'zookeeper.quorum' = 'localhost:2181'
);

-- node: items
CREATE TABLE items__file (
  `user` BIGINT,
  item BIGINT,
  category BIGINT,
  behaviour STRING,
  unix BIGINT
)
WITH (
  'connector' = 'filesystem',
  'path' = 'taobao_users.csv.gz',
  'format' = 'csv'
);

-- node: model
CREATE TABLE model (
  name STRING,
  known_at TIMESTAMP_LTZ(3),
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

-- node: predictions
CREATE TABLE predictions (
  `user` BIGINT,
  item BIGINT,
  unix BIGINT,
  p DOUBLE
)
WITH (
  'connector' = 'filesystem',
  'path' = 'state/predictions',
  'format' = 'json'
);

-- node: scores
CREATE TABLE scores (
  auc DOUBLE,
  logloss DOUBLE,
  samples BIGINT
)
WITH (
  'connector' = 'print'
);
SET 'table.dml-sync' = 'true';

-- node: items
INSERT INTO items
SELECT item, ROW(category)
FROM items__file;
SET 'table.dml-sync' = 'false';

-- node: enriched
CREATE TEMPORARY VIEW enriched AS
SELECT r.*, d.cf.category
FROM events AS r
LEFT JOIN items FOR SYSTEM_TIME AS OF r.now_at AS d ON r.item = d.item;

-- node: marked
CREATE TEMPORARY VIEW marked AS
SELECT
  `user`,
  item,
  category,
  behaviour,
  unix,
  ts,
  CASE WHEN behaviour <> 'pv' THEN 1 WHEN behaviour = 'pv' THEN 0 END AS act,
  CASE WHEN behaviour = 'pv' THEN 1 WHEN behaviour <> 'pv' THEN 0 END AS view
FROM enriched;

-- node: user_history
CREATE TEMPORARY VIEW user_history AS
SELECT *, SUM(act) OVER w AS user_acts, SUM(view) OVER w AS user_views
FROM marked
WINDOW w AS (PARTITION BY `user` ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

-- node: category_history
CREATE TEMPORARY VIEW category_history AS
SELECT *, SUM(act) OVER w AS category_acts, SUM(view) OVER w AS category_views
FROM user_history
WINDOW w AS (PARTITION BY category ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

-- node: pair_history
CREATE TEMPORARY VIEW pair_history AS
SELECT *, SUM(act) OVER w AS pair_acts, SUM(view) OVER w AS pair_views
FROM category_history
WINDOW w AS (PARTITION BY `user`, item ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

-- node: last_minutes
CREATE TEMPORARY VIEW last_minutes AS
SELECT *, SUM(act) OVER w AS acts_10m
FROM pair_history
WINDOW w AS (PARTITION BY `user` ORDER BY ts RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING AND CURRENT ROW);

-- node: last_hour
CREATE TEMPORARY VIEW last_hour AS
SELECT *, SUM(act) OVER w AS acts_1h
FROM last_minutes
WINDOW w AS (PARTITION BY `user` ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW);

-- node: user_before
CREATE TEMPORARY VIEW user_before AS
SELECT *, LAG(unix) OVER w AS user_before
FROM last_hour
WINDOW w AS (PARTITION BY `user` ORDER BY ts);

-- node: category_before
CREATE TEMPORARY VIEW category_before AS
SELECT *, LAG(unix) OVER w AS category_before
FROM user_before
WINDOW w AS (PARTITION BY `user`, category ORDER BY ts);

-- node: views
CREATE TEMPORARY VIEW `views` AS
SELECT *
FROM category_before
WHERE behaviour = 'pv';

-- node: computed
CREATE TEMPORARY VIEW computed AS
SELECT
  `user`,
  item,
  category,
  unix,
  ts,
  user_views,
  MOD((unix + 28800) / 14400, 6) AS part,
  CASE WHEN acts_10m > 5 THEN 5 ELSE acts_10m END AS recent,
  CASE WHEN acts_10m > 3 THEN 3 ELSE acts_10m END AS few_recent,
  CAST(FLOOR(LOG2(acts_1h + 1.5E0)) AS INT) AS hour_acts,
  CAST(FLOOR(LOG2(COALESCE(unix - user_before, -1) + 1.5E0)) AS INT) AS gap_user,
  CAST(FLOOR(LOG2(COALESCE(unix - category_before, -1) + 1.5E0)) AS INT) AS gap_category,
  LN((user_acts + 1E0) / (user_views + 10E0) * 10E0) AS rate_user,
  LN((category_acts + 0.5E0) / (category_views + 5E0) * 10E0) AS rate_category,
  LN((pair_acts + 0.5E0) / (pair_views + 5E0) * 10E0) AS rate_pair
FROM `views`;

-- node: vectors
CREATE TEMPORARY VIEW vectors AS
SELECT
  `user`,
  item,
  unix,
  ts,
  user_views,
  FEATURES(18, 'user', `user`, 'category', category, 'item', item, 'recent', recent, 'hour_acts', hour_acts, 'gap_category', gap_category, 'gap_user', gap_user, 'user_part', FEATURE_CROSS(`user`, part), 'user_recent', FEATURE_CROSS(`user`, few_recent), 'rate_user', rate_user, 'rate_category', rate_category, 'rate_pair', rate_pair) AS features
FROM computed;

-- node: acts
CREATE TEMPORARY VIEW acts AS
SELECT *
FROM marked
WHERE act = 1;

-- node: labelled
CREATE TEMPORARY VIEW labelled__joined AS
SELECT
  e.`user`,
  e.item,
  e.unix,
  e.ts,
  e.user_views,
  e.features,
  CASE WHEN o.`user` IS NULL THEN 0 ELSE 1 END AS label
FROM vectors AS e
LEFT JOIN acts AS o ON e.`user` = o.`user` AND o.ts > e.ts AND o.ts <= e.ts + INTERVAL '10' MINUTE;

-- node: labelled
CREATE TEMPORARY VIEW labelled AS
SELECT
  `user`,
  item,
  unix,
  ts,
  user_views,
  features,
  MAX(label) AS label,
  ts + INTERVAL '10' MINUTE AS known_at,
  window_time AS label_time
FROM TABLE(TUMBLE(TABLE labelled__joined, DESCRIPTOR(ts), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time, `user`, item, unix, ts, user_views, features;

-- node: predicted
CREATE TEMPORARY VIEW predicted AS
SELECT
  r.`user`,
  r.item,
  r.unix,
  r.ts,
  r.user_views,
  r.features,
  PREDICT(m.model.model, m.model.version, r.features) AS p
FROM (
  SELECT *, CASE WHEN ts IS NOT NULL THEN CAST('model' AS STRING) END AS model_name
  FROM vectors
) AS r
LEFT JOIN model FOR SYSTEM_TIME AS OF r.ts AS m ON r.model_name = m.name;

-- node: answers
CREATE TEMPORARY VIEW answers AS
SELECT `user`, item, unix, user_views, ts, p
FROM predicted;

-- node: scored
CREATE TEMPORARY VIEW scored__joined AS
SELECT
  e.`user`,
  e.item,
  e.unix,
  e.user_views,
  e.ts,
  e.p,
  CASE WHEN o.`user` IS NULL THEN 0 ELSE 1 END AS label
FROM answers AS e
LEFT JOIN acts AS o ON e.`user` = o.`user` AND o.ts > e.ts AND o.ts <= e.ts + INTERVAL '10' MINUTE;

-- node: scored
CREATE TEMPORARY VIEW scored AS
SELECT
  `user`,
  item,
  unix,
  user_views,
  ts,
  p,
  MAX(label) AS label,
  ts + INTERVAL '10' MINUTE AS known_at,
  window_time AS label_time
FROM TABLE(TUMBLE(TABLE scored__joined, DESCRIPTOR(ts), INTERVAL '1' SECOND))
GROUP BY window_start, window_end, window_time, `user`, item, unix, user_views, ts, p;

EXECUTE STATEMENT SET
BEGIN
-- node: model
INSERT INTO model
SELECT
  name,
  MAX(known_at) AS known_at,
  FTRL(label, features, 'name=model, bits=18, publish_every=100, alpha=0.05') AS model
FROM (
  SELECT CAST('model' AS STRING) AS name, known_at, label, features
  FROM labelled
)
GROUP BY name;
-- node: predictions
INSERT INTO predictions
SELECT `user`, item, unix, p
FROM predicted;
-- node: scores
INSERT INTO scores
SELECT AUC(label, p) AS auc, LOGLOSS(label, p) AS logloss, COUNT(*) AS samples
FROM scored
WHERE p IS NOT NULL AND unix >= 1512144000;
END;
