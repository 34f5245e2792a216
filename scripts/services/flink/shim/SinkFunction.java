package org.apache.flink.streaming.api.functions.sink;

/** The sink interface that Flink 2 removed and the HBase connector, built for Flink 1, still names. */
public interface SinkFunction<T> extends org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction<T> {
  interface Context extends org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction.Context {}

  default void invoke(T value, Context context) throws Exception {
    invoke(value);
  }

  @Override
  default void invoke(T value, org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction.Context context)
      throws Exception {
    invoke(value, new Forwarding(context));
  }

  /** The new context under the old name. */
  final class Forwarding implements Context {
    private final org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction.Context inner;

    Forwarding(org.apache.flink.streaming.api.functions.sink.legacy.SinkFunction.Context inner) {
      this.inner = inner;
    }

    @Override
    public long currentProcessingTime() {
      return inner.currentProcessingTime();
    }

    @Override
    public long currentWatermark() {
      return inner.currentWatermark();
    }

    @Override
    public Long timestamp() {
      return inner.timestamp();
    }
  }
}
