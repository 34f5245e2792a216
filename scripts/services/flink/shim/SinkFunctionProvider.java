package org.apache.flink.table.connector.sink;

import java.util.Optional;
import org.apache.flink.streaming.api.functions.sink.SinkFunction;
import org.apache.flink.table.data.RowData;

/** How a table names its sink function. */
public interface SinkFunctionProvider extends org.apache.flink.table.connector.sink.legacy.SinkFunctionProvider {
  static SinkFunctionProvider of(SinkFunction<RowData> function) {
    return of(function, null);
  }

  static SinkFunctionProvider of(SinkFunction<RowData> function, Integer parallelism) {
    return new SinkFunctionProvider() {
      @Override
      public SinkFunction<RowData> createSinkFunction() {
        return function;
      }

      @Override
      public Optional<Integer> getParallelism() {
        return Optional.ofNullable(parallelism);
      }
    };
  }
}
