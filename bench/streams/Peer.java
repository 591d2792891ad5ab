import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The shape of the benchmark on Kafka Streams: bytes in and out, a state of 1 KB per key that every record changes. */
public final class Peer {
  private static final int STATE = 1024;
  private static final int SLOT = 64;
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** Arguments: brokers, application id, topic in, topic out, state directory, records, then settings as name=value. */
  public static void main(String[] args) throws InterruptedException {
    long records = Long.parseLong(args[5]);
    Properties settings = new Properties();
    settings.putAll(
        Map.of(
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0],
            StreamsConfig.APPLICATION_ID_CONFIG, args[1],
            StreamsConfig.STATE_DIR_CONFIG, args[4],
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2,
            StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100",
            StreamsConfig.NUM_STREAM_THREADS_CONFIG, "1",
            StreamsConfig.REPLICATION_FACTOR_CONFIG, "1"));
    settings.put("auto.offset.reset", "earliest");
    for (int i = 6; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      settings.put(setting[0], setting[1]);
    }
    Topology topology = new Topology();
    var bytes = Serdes.ByteArray();
    topology
        .addSource("in", bytes.deserializer(), bytes.deserializer(), args[2])
        .addProcessor("fold", () -> new Fold(records), "in")
        .addStateStore(
            Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("states"), bytes, bytes), "fold")
        .addSink("out", args[3], bytes.serializer(), bytes.serializer(), "fold");
    KafkaStreams streams = new KafkaStreams(topology, settings);
    CountDownLatch end = new CountDownLatch(1);
    streams.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) {
            System.out.println("ready");
          }
        });
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  streams.close();
                  end.countDown();
                }));
    streams.start();
    end.await();
  }

  private static final class Fold implements Processor<byte[], byte[], byte[], byte[]> {
    // All tasks run on one thread.
    private static long seen;
    private final long records;
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<byte[], byte[]> states;

    Fold(long records) {
      this.records = records;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      this.states = context.getStateStore("states");
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      byte[] before = states.get(record.key());
      byte[] after = before == null ? new byte[STATE] : before.clone();
      ByteBuffer state = ByteBuffer.wrap(after);
      long count = state.getLong(0) + 1;
      state.putLong(0, count);
      int slot = SLOT * (1 + (int) (count % (STATE / SLOT - 1)));
      System.arraycopy(record.value(), 0, after, slot, Math.min(SLOT, record.value().length));
      states.put(record.key(), after);
      context.forward(record);
      seen++;
      if (seen == records / 2 || seen == records) {
        System.out.println(
            "mark " + seen + " " + System.nanoTime() / 1e9 + " " + SYSTEM.getProcessCpuTime() / 1e9);
      }
    }
  }
}
