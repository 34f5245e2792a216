-- ON CONFLICT DO NOTHING: of rows with one key the first one is kept.
CREATE TABLE seen (id INT, n INT) WITH ('connector' = 'rows');
CREATE TABLE results (id INT, n INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'rows');
INSERT INTO results SELECT id, n FROM seen ON CONFLICT DO NOTHING;
