package org.apache.flink.streaming.api.functions.sink;

import org.apache.flink.api.common.functions.AbstractRichFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.configuration.Configuration;

/** A sink with a life cycle, opened the way Flink 1 did. */
public abstract class RichSinkFunction<T> extends AbstractRichFunction implements SinkFunction<T> {
  public void open(Configuration parameters) throws Exception {}

  @Override
  public void open(OpenContext context) throws Exception {
    open(new Configuration());
  }
}
