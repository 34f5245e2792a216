import { SQLDialect } from "@codemirror/lang-sql";

/** Flink's SQL, as far as colours go. */
export const flinkSql = SQLDialect.define({
  caseInsensitiveIdentifiers: true,
  identifierQuotes: "`",
  keywords: `add after all alter and any as asc asof begin between both by call cascade case catalog change changelog check clusters
    column columns comment compute constraint create cross cube current database databases default define delete desc describe
    descriptor distinct distributed drop each else emit end enforced escape except execute exists explain extended false fetch filter
    first following for from full function functions global grouping group having if ignore in inner insert intersect interval into is
    join key language last lateral leading left like limit load local match match_recognize matched materialized measures merge minus
    mode modules month natural next no not null nulls of offset on one only or order ordinality outer over overwrite partition
    partitions past pattern per permute plan preceding prev primary proctime range recursive rename replace reset respect right rollup
    row rows select set sets show skip some statement subset system system_time table tables temporary then time to trailing true
    truncate union unique unknown unnest unload update use using values view views watermark when where window with within without
    zone second minute hour day year quarter week`.replaceAll(/\s+/g, " "),
  types: `array bigint binary boolean bytes char date decimal double float int integer map multiset raw real row smallint string
    timestamp timestamp_ltz timestamp_ntz tinyint varbinary varchar`.replaceAll(/\s+/g, " "),
  builtin: `auc avg cast coalesce count cumulate extract features feature_cross first_value ftrl gaussian hop json_value lag last_value
    lead listagg ln logloss max min predict rank row_number session sum tumble window_end window_start window_time`.replaceAll(/\s+/g, " "),
});
