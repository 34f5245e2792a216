"""The configuration keys of Flink 2.3, former names among them: what SET takes. Most have no meaning here."""

from __future__ import annotations

_GROUPS = {
    "akka": """
        ask.callstack ask.timeout client-socket-worker-pool.pool-size-factor client-socket-worker-pool.pool-size-max
        client-socket-worker-pool.pool-size-min client.timeout fork-join-executor.parallelism-factor
        fork-join-executor.parallelism-max fork-join-executor.parallelism-min framesize jvm-exit-on-fatal-error
        log.lifecycle.events lookup.timeout retry-gate-closed-for rpc.force-invocation-serialization
        server-socket-worker-pool.pool-size-factor server-socket-worker-pool.pool-size-max
        server-socket-worker-pool.pool-size-min ssl.enabled startup-timeout tcp.timeout throughput
    """,
    "blob": """
        client.connect.timeout client.socket.timeout fetch.backlog fetch.num-concurrent fetch.retries offload.minsize
        server.port service.cleanup.interval service.ssl.enabled storage.directory
    """,
    "classloader": """
        check-leaked-classloader fail-on-metaspace-oom-error parent-first-patterns parent-first-patterns.additional
        parent-first-patterns.default resolve-order
    """,
    "cleanup-strategy": """
        exponential-delay.attempts exponential-delay.initial-backoff exponential-delay.max-backoff
        fixed-delay.attempts fixed-delay.delay type
    """,
    "client": "heartbeat.interval heartbeat.timeout retry-period timeout",
    "cluster": """
        id intercept-user-system-exit io-pool.size processes.halt-on-fatal-error services.shutdown-timeout
        thread-dump.stacktrace-max-depth uncaught-exception-handling
    """,
    "cluster.registration": "error-delay initial-timeout max-timeout refused-registration-delay",
    "completed-application-store": "cache-size expiration-time max-capacity type",
    "dstl.dfs": """
        base-path batch.persist-delay batch.persist-size-threshold compression.enabled discard.num-threads
        download.local-cache.idle-timeout-ms preemptive-persist-threshold
    """,
    "dstl.dfs.upload": """
        buffer-size max-attempts max-in-flight next-attempt-delay num-threads retry-policy timeout
    """,
    "env": """
        hadoop.conf.dir hbase.conf.dir log.dir log.level log.max pid.dir ssh.opts stdout-err.redirect-to-file
        yarn.conf.dir
    """,
    "env.java": "default-opts.all default-opts.jobmanager default-opts.taskmanager home opts",
    "env.java.opts": "all client historyserver jobmanager sql-gateway taskmanager",
    "execution": """
        allow-client-job-configurations async-state.active-buffer-size async-state.active-buffer-timeout
        async-state.total-buffer-size attached batch-shuffle-mode batch-state-backend.enabled buffer-timeout
        buffer-timeout.enabled buffer-timeout.interval job-listeners job-status-changed-listeners
        program-config.enabled program-config.wildcards runtime-mode savepoint-restore-mode
        savepoint.ignore-unclaimed-state savepoint.path shutdown-on-application-finish shutdown-on-attached-exit
        sort-keyed-partition.memory sort-partition.memory sorted-inputs.enabled sorted-inputs.memory
        submit-failed-job-on-application-error target terminate-application-on-any-job-terminated-exceptionally
    """,
    "execution.batch": """
        adaptive.auto-parallelism.avg-data-volume-per-task adaptive.auto-parallelism.default-source-parallelism
        adaptive.auto-parallelism.enabled adaptive.auto-parallelism.max-parallelism
        adaptive.auto-parallelism.min-parallelism job-recovery.enabled job-recovery.previous-worker.recovery.timeout
        job-recovery.snapshot.min-pause speculative.block-slow-node-duration speculative.enabled
        speculative.max-concurrent-executions
    """,
    "execution.checkpointing": """
        aligned-checkpoint-timeout alignment-timeout approximate-local-recovery checkpoints-after-tasks-finish
        checkpoints-after-tasks-finish.enabled cleaner.parallel-mode create-subdir data-inline-threshold dir
        during-recovery.enabled externalized-checkpoint-retention incremental interval interval-during-backlog
        local-backup.dirs local-backup.enabled max-concurrent-checkpoints min-pause mode num-retained
        recover-without-channel-state.checkpoint-id savepoint-dir snapshot-compression storage timeout
        tolerable-failed-checkpoints unaligned unaligned.enabled unaligned.forced
        unaligned.interruptible-timers.enabled unaligned.max-subtasks-per-channel-state-file
        unaligned.recover-output-on-downstream.enabled write-buffer-size
    """,
    "execution.checkpointing.file-merging": """
        across-checkpoint-boundary enabled max-file-size max-space-amplification max-subtasks-per-file pool-blocking
    """,
    "execution.state-recovery": """
        approximate-local-recovery claim-mode from-local ignore-unclaimed-state path
        without-channel-state.checkpoint-id
    """,
    "fs": "allowed-fallback-filesystems default-scheme output.always-create-directory overwrite-files",
    "high-availability": """
        cluster-id jobmanager.port kubernetes.leader-election.lease-duration kubernetes.leader-election.renew-deadline
        kubernetes.leader-election.retry-period storageDir type
    """,
    "high-availability.zookeeper": """
        path.applications path.execution-plans path.jobgraphs path.namespace path.root quorum storageDir
    """,
    "high-availability.zookeeper.client": """
        acl authorization connection-timeout ensemble-tracker max-close-wait max-retry-attempts max-retry-wait
        retry-wait session-timeout simulated-session-expiration-percent tolerate-suspended-connections
    """,
    "historyserver.archive": """
        clean-expired-applications clean-expired-jobs fs.dir fs.refresh-interval retained-applications retained-jobs
        retained-ttl
    """,
    "historyserver.web": "address port refresh-interval ssl.enabled tmpdir",
    "jobmanager": """
        archive.fs.dir bind-host execution.attempts-history-size execution.failover-strategy failure-enrichers
        future-pool.size io-pool.size partition.hybrid.partition-data-consume-constraint
        partition.release-during-job-execution resource-id retrieve-taskmanager-hostname rpc.address rpc.bind-port
        rpc.port scheduler
    """,
    "jobmanager.adaptive-batch-scheduler": """
        avg-data-volume-per-task default-source-parallelism max-parallelism min-parallelism
        speculative.block-slow-node-duration speculative.enabled speculative.max-concurrent-executions
    """,
    "jobmanager.adaptive-scheduler": """
        executing.cooldown-after-rescaling executing.resource-stabilization-timeout min-parallelism-increase
        prefer-minimal-taskmanagers rescale-trigger.max-checkpoint-failures rescale-trigger.max-delay
        resource-stabilization-timeout resource-wait-timeout scaling-interval.max scaling-interval.min
        submission.resource-stabilization-timeout submission.resource-wait-timeout
    """,
    "jobmanager.memory": """
        enable-jvm-direct-memory-limit flink.size heap.size jvm-metaspace.size jvm-overhead.fraction jvm-overhead.max
        jvm-overhead.min off-heap.size process.size
    """,
    "jobmanager.web": """
        access-control-allow-origin address checkpoints.history history log.path port refresh-interval submit.enable
        tmpdir upload.dir
    """,
    "jobstore": "cache-size expiration-time max-capacity type",
    "kubernetes": """
        artifacts.local-upload-enabled artifacts.local-upload-overwrite artifacts.local-upload-target
        client.io-pool.size client.user-agent cluster-id config.file context decorator.hadoop-conf-mount.enabled
        decorator.kerberos-mount.enabled entry.path env.secretKeyRef flink.conf.dir flink.log.dir
        hadoop.conf.config-map.name hostnetwork.enabled internal-service.annotations internal-service.labels namespace
        node-name-label persistent-volume-claim-read-only persistent-volume-claims pod-template-file
        pod-template-file.default pod-template-file.jobmanager pod-template-file.taskmanager secrets service-account
        transactional-operation.initial-retry-delay transactional-operation.max-retries
        transactional-operation.max-retry-delay
    """,
    "kubernetes.container": "image image.pull-policy image.pull-secrets image.ref",
    "kubernetes.jobmanager": """
        annotations cpu cpu.amount cpu.limit-factor entrypoint.args labels memory.limit-factor node-selector
        owner.reference replicas service-account tolerations
    """,
    "kubernetes.rest-service": "annotations exposed.node-port-address-type exposed.type labels",
    "kubernetes.taskmanager": """
        annotations cpu cpu.amount cpu.limit-factor entrypoint.args labels memory.limit-factor node-selector
        service-account tolerations
    """,
    "materialized-table": """
        default-freshness.continuous default-freshness.full default-start-mode refresh-mode.freshness-threshold
    """,
    "metrics": """
        fetcher.update-interval internal.query-service.port internal.query-service.thread-priority job.status.enable
        latency.granularity latency.history-size latency.interval reporters system-resource
        system-resource-probing-interval
    """,
    "metrics.scope": "delimiter jm jm-job jm-operator jm.job operator task tm tm-job tm.job",
    "pekko": """
        ask.callstack ask.timeout client-socket-worker-pool.pool-size-factor client-socket-worker-pool.pool-size-max
        client-socket-worker-pool.pool-size-min fork-join-executor.parallelism-factor
        fork-join-executor.parallelism-max fork-join-executor.parallelism-min framesize jvm-exit-on-fatal-error
        log.lifecycle.events lookup.timeout remote-fork-join-executor.parallelism-factor
        remote-fork-join-executor.parallelism-max remote-fork-join-executor.parallelism-min retry-gate-closed-for
        rpc.force-invocation-serialization server-socket-worker-pool.pool-size-factor
        server-socket-worker-pool.pool-size-max server-socket-worker-pool.pool-size-min ssl.enabled startup-timeout
        tcp.timeout throughput
    """,
    "pipeline": """
        auto-generate-uids auto-watermark-interval cached-files classpaths closure-cleaner-level force-avro force-kryo
        force-kryo-avro generic-types global-job-parameters jars jobvertex-parallelism-overrides max-parallelism name
        object-reuse operator-chaining operator-chaining.chain-operators-with-different-max-parallelism
        operator-chaining.enabled serialization-config sources.pause-until-first-checkpoint time-characteristic
        vertex-description-mode vertex-name-include-index-prefix watermark-alignment.allow-unaligned-source-splits
        watermark-alignment.buffer-size
    """,
    "python": """
        archives client.executable executable execution-mode files internal.archives-key-map internal.files-key-map
        internal.requirements-file-key job-options logging.default.level logging.level.overrides
        loopback-server.address map-state.iterate-response-batch-size map-state.read-cache-size
        map-state.write-cache-size metric.enabled operator-chaining.enabled profile.enabled pythonpath requirements
        state.cache-size systemenv.enabled
    """,
    "python.fn-execution": "arrow.batch.size bundle.size bundle.time memory.managed",
    "query": """
        client.network-threads proxy.network-threads proxy.ports proxy.query-threads server.network-threads
        server.ports server.query-threads
    """,
    "queryable-state": """
        client.network-threads enable proxy.network-threads proxy.ports proxy.query-threads server.network-threads
        server.ports server.query-threads
    """,
    "recovery.zookeeper": """
        client.connection-timeout client.max-retry-attempts client.retry-wait client.session-timeout path.jobgraphs
        path.namespace path.root quorum storageDir
    """,
    "resourcemanager": """
        job.timeout previous-worker.recovery.timeout rpc.port standalone.start-up-time start-worker.max-failure-rate
        start-worker.retry-interval taskmanager-registration.timeout taskmanager-timeout
    """,
    "rest": """
        address async.store-duration await-leader-timeout bind-address bind-port cache.checkpoint-statistics.size
        cache.checkpoint-statistics.timeout cache.execution-graph.timeout client.max-content-length connection-timeout
        idleness-timeout path port retry.delay retry.max-attempts server.max-content-length server.numThreads
        server.thread-priority url-prefix
    """,
    "rest.flamegraph": "cleanup-interval delay-between-samples enabled num-samples refresh-interval stack-depth",
    "rest.profiling": "dir duration-max enabled history-size",
    "restart-strategy": """
        failure-rate.delay failure-rate.failure-rate-interval failure-rate.max-failures-per-interval
        fixed-delay.attempts fixed-delay.delay type
    """,
    "restart-strategy.exponential-delay": """
        attempts-before-reset-backoff backoff-multiplier initial-backoff jitter-factor max-backoff
        reset-backoff-threshold
    """,
    "s3": "access-key endpoint entropy.key entropy.length path.style.access secret-key",
    "security": """
        context.factory.classes delegation.tokens.enabled delegation.tokens.renewal.retry.backoff
        delegation.tokens.renewal.time-ratio keytab module.factory.classes principal
    """,
    "security.kerberos": """
        access.hadoopFileSystems fetch.delegation-token krb5-conf.path login.contexts login.keytab login.principal
        login.use-ticket-cache relogin.period tokens.renewal.retry.backoff tokens.renewal.time-ratio
    """,
    "security.ssl": """
        algorithms close-notify-flush-timeout handshake-timeout key-password keystore keystore-password protocol
        provider session-cache-size session-timeout truststore truststore-password verify-hostname
    """,
    "security.ssl.internal": """
        cert.fingerprint close-notify-flush-timeout enabled handshake-timeout key-password keystore keystore-password
        keystore-type session-cache-size session-timeout truststore truststore-password truststore-type
    """,
    "security.ssl.rest": """
        authentication-enabled cert.fingerprint enabled key-password keystore keystore-password keystore-type
        truststore truststore-password truststore-type verify-hostname
    """,
    "slotmanager": """
        declare-needed-resource.delay max-total-resource.cpu max-total-resource.memory min-total-resource.cpu
        min-total-resource.memory number-of-slots.max number-of-slots.min redundant-taskmanager-num
        requirement-check.delay taskmanager-timeout
    """,
    "slow-task-detector": """
        check-interval execution-time.baseline-lower-bound execution-time.baseline-multiplier
        execution-time.baseline-ratio
    """,
    "sql-client.display": "color-schema max-column-width print-time-cost show-line-numbers",
    "sql-gateway.session": "check-interval idle-timeout max-num plan-cache.enabled plan-cache.size plan-cache.ttl",
    "state": """
        backend checkpoint-storage checkpoint.cleaner.parallel-mode checkpoints.create-subdir checkpoints.dir
        checkpoints.num-retained savepoints.dir storage.fs.memory-threshold storage.fs.write-buffer-size
    """,
    "state.backend": """
        changelog.enabled changelog.max-failures-allowed changelog.periodic-materialize.enabled
        changelog.periodic-materialize.interval changelog.storage fs.checkpointdir fs.memory-threshold
        fs.write-buffer-size incremental latency-track.history-size latency-track.keyed-state-enabled
        latency-track.sample-interval latency-track.state-name-as-variable local-recovery type
    """,
    "state.backend.forst": """
        block.blocksize block.cache-size block.metadata-blocksize bloom-filter.bits-per-key
        bloom-filter.block-based-mode cache.dir cache.lru.access-before-promote cache.lru.promote-limit
        cache.reserve-size cache.size-based-limit compaction.filter.periodic-compaction-time
        compaction.filter.query-time-after-num-entries compaction.level.max-size-level-base
        compaction.level.target-file-size-base compaction.level.use-dynamic-size compaction.style
        compression.per.level executor.inline-coordinator executor.inline-write executor.read-io-parallelism
        executor.write-io-parallelism files.open local-dir log.dir log.file-num log.level log.max-file-size
        memory.fixed-per-slot memory.fixed-per-tm memory.high-prio-pool-ratio memory.managed
        memory.partitioned-index-filters memory.write-buffer-ratio metrics.actual-delayed-write-rate
        metrics.background-errors metrics.block-cache-capacity metrics.block-cache-hit metrics.block-cache-miss
        metrics.block-cache-pinned-usage metrics.block-cache-usage metrics.bloom-filter-full-positive
        metrics.bloom-filter-full-true-positive metrics.bloom-filter-useful metrics.bytes-read metrics.bytes-written
        metrics.column-family-as-variable metrics.compaction-pending metrics.compaction-read-bytes
        metrics.compaction-write-bytes metrics.cur-size-active-mem-table metrics.cur-size-all-mem-tables
        metrics.estimate-live-data-size metrics.estimate-num-keys metrics.estimate-pending-compaction-bytes
        metrics.estimate-table-readers-mem metrics.is-write-stopped metrics.iter-bytes-read
        metrics.live-sst-files-size metrics.mem-table-flush-pending metrics.num-deletes-active-mem-table
        metrics.num-deletes-imm-mem-tables metrics.num-entries-active-mem-table metrics.num-entries-imm-mem-tables
        metrics.num-files-at-level metrics.num-immutable-mem-table metrics.num-live-versions
        metrics.num-running-compactions metrics.num-running-flushes metrics.num-snapshots metrics.size-all-mem-tables
        metrics.stall-micros metrics.total-sst-files-size options-factory primary-dir
        rescaling.use-delete-files-in-range restore-overlap-fraction-threshold sync.enforce-local thread.num
        timer-service.cache-size timer-service.factory use-bloom-filter use-ingest-db-restore-mode write-batch-size
        writebuffer.count writebuffer.number-to-merge writebuffer.size
    """,
    "state.backend.rocksdb": """
        block.blocksize block.cache-size block.metadata-blocksize bloom-filter.bits-per-key
        bloom-filter.block-based-mode checkpoint.transfer.thread.num compaction.filter.periodic-compaction-time
        compaction.filter.query-time-after-num-entries compaction.level.max-size-level-base
        compaction.level.target-file-size-base compaction.level.use-dynamic-size compaction.style
        compression.per.level files.open incremental-restore-async-compact-after-rescale localdir log.dir log.file-num
        log.level log.max-file-size manual-compaction.max-auto-compactions manual-compaction.max-file-size-to-compact
        manual-compaction.max-files-to-compact manual-compaction.max-output-file-size
        manual-compaction.max-parallel-compactions manual-compaction.min-files-to-compact
        manual-compaction.min-interval memory.fixed-per-slot memory.fixed-per-tm memory.high-prio-pool-ratio
        memory.managed memory.partitioned-index-filters memory.write-buffer-ratio metrics.actual-delayed-write-rate
        metrics.background-errors metrics.block-cache-capacity metrics.block-cache-hit metrics.block-cache-miss
        metrics.block-cache-pinned-usage metrics.block-cache-usage metrics.bloom-filter-full-positive
        metrics.bloom-filter-full-true-positive metrics.bloom-filter-useful metrics.bytes-read metrics.bytes-written
        metrics.column-family-as-variable metrics.compaction-pending metrics.compaction-read-bytes
        metrics.compaction-write-bytes metrics.cur-size-active-mem-table metrics.cur-size-all-mem-tables
        metrics.estimate-live-data-size metrics.estimate-num-keys metrics.estimate-pending-compaction-bytes
        metrics.estimate-table-readers-mem metrics.is-write-stopped metrics.iter-bytes-read
        metrics.live-sst-files-size metrics.mem-table-flush-pending metrics.num-deletes-active-mem-table
        metrics.num-deletes-imm-mem-tables metrics.num-entries-active-mem-table metrics.num-entries-imm-mem-tables
        metrics.num-files-at-level metrics.num-immutable-mem-table metrics.num-live-versions
        metrics.num-running-compactions metrics.num-running-flushes metrics.num-snapshots metrics.size-all-mem-tables
        metrics.stall-micros metrics.total-sst-files-size options-factory predefined-options
        rescaling.use-delete-files-in-range restore-overlap-fraction-threshold thread.num timer-service.cache-size
        timer-service.factory use-bloom-filter use-ingest-db-restore-mode write-batch-size writebuffer.count
        writebuffer.number-to-merge writebuffer.size
    """,
    "state.changelog": """
        enabled max-failures-allowed periodic-materialize.enabled periodic-materialize.interval storage
    """,
    "state.changelog.dstl": """
        dfs.base-path dfs.batch.persist-delay dfs.batch.persist-size-threshold dfs.compression.enabled
        dfs.discard.num-threads dfs.download.local-cache.idle-timeout-ms dfs.preemptive-persist-threshold
        dfs.upload.buffer-size dfs.upload.max-attempts dfs.upload.max-in-flight dfs.upload.next-attempt-delay
        dfs.upload.num-threads dfs.upload.retry-policy dfs.upload.timeout
    """,
    "state.latency-track": "history-size keyed-state-enabled sample-interval state-name-as-variable",
    "state.size-track": "history-size keyed-state-enabled sample-interval state-name-as-variable",
    "table": """
        builtin-catalog-name builtin-database-name catalog-modification.listeners catalog-store.kind
        column-expansion-strategy display.max-column-width dml-sync dynamic-table-options.enabled
        generated-code.max-length generated-code.max-members legacy-nested-row-nullability local-time-zone
        plan.compile.catalog-objects plan.force-recompile plan.restore.catalog-objects planner resources.download-dir
        rtas-ctas.atomicity-enabled secret-store.kind sql-dialect
    """,
    "table.exec": """
        async-lookup.buffer-capacity async-lookup.key-ordered-enabled async-lookup.output-mode async-lookup.timeout
        async-ml-predict.max-concurrent-operations async-ml-predict.output-mode async-ml-predict.timeout
        async-state.enabled async-table.max-concurrent-operations async-table.max-retries async-table.retry-delay
        async-table.retry-strategy async-table.timeout async-vector-search.max-concurrent-operations
        async-vector-search.output-mode async-vector-search.timeout deduplicate.insert-update-after-sensitive-enabled
        deduplicate.mini-batch.compact-changes-enabled delta-join.cache-enabled delta-join.left.cache-size
        delta-join.right.cache-size disabled-operators iceberg.use-flip27-source interval-join.min-cleanup-interval
        legacy-cast-behaviour local-hash-agg.adaptive.distinct-value-rate-threshold local-hash-agg.adaptive.enabled
        local-hash-agg.adaptive.sampling-threshold mini-batch.allow-latency mini-batch.enabled mini-batch.size
        operator-fusion-codegen.enabled rank.topn-cache-size resource.default-parallelism
        resource.external-buffer-memory resource.hash-agg.memory resource.hash-join.memory resource.sort.memory
        simplify-operator-name-enabled sort.async-merge-enabled sort.default-limit sort.max-num-file-handles
        source.cdc-events-duplicate source.idle-timeout spill-compression.block-size spill-compression.enabled
        state.ttl uid.format uid.generation unbounded-over.version window-agg.buffer-size-limit
    """,
    "table.exec.async-scalar": """
        buffer-capacity max-attempts max-concurrent-operations retry-delay retry-strategy timeout
    """,
    "table.exec.sink": """
        keyed-shuffle nested-constraint-enforcer not-null-enforcer require-on-conflict rowtime-inserter
        type-length-enforcer upsert-materialize upsert-materialize-strategy.adaptive.threshold.high
        upsert-materialize-strategy.adaptive.threshold.low upsert-materialize-strategy.type
    """,
    "table.optimizer": """
        adaptive-broadcast-join.strategy agg-phase-strategy bushy-join-reorder-threshold delta-join.strategy
        distinct-agg.split.bucket-num distinct-agg.split.enabled dynamic-filtering.enabled incremental-agg-enabled
        join-reorder-enabled join.broadcast-threshold multi-join.enabled multiple-input-enabled
        non-deterministic-update.strategy ptf.max-tables reuse-optimize-block-with-digest-enabled reuse-sink-enabled
        reuse-source-enabled reuse-sub-plan-enabled runtime-filter.enabled runtime-filter.max-build-data-size
        runtime-filter.min-filter-ratio runtime-filter.min-probe-data-size skewed-join-optimization.skewed-factor
        skewed-join-optimization.skewed-threshold skewed-join-optimization.strategy source.aggregate-pushdown-enabled
        source.predicate-pushdown-enabled source.report-statistics-enabled sql2rel.project-merge.enabled
        union-all-as-breakpoint-enabled window-join-enabled
    """,
    "task": "cancellation-interval cancellation.interval cancellation.timeout cancellation.timers.timeout",
    "taskmanager": """
        bind-host collect-sink.port cpu.cores data.bind-port data.port data.ssl.enabled host jvm-exit-on-oom
        load-balance.mode log.path maxRegistrationDuration net.client.connectTimeoutSec net.request-backoff.initial
        net.request-backoff.max numberOfTaskSlots registration.timeout resource-id rpc.bind-port rpc.port slot.timeout
        state.local.root-dirs system-out.log.cache-upper-size system-out.log.thread-name.enabled system-out.mode
        tmp.dirs
    """,
    "taskmanager.debug": "memory.log memory.log-interval memory.logIntervalMs memory.startLogThread",
    "taskmanager.memory": """
        flink.size framework.heap.size framework.off-heap.batch-shuffle.size framework.off-heap.size
        jvm-metaspace.size jvm-overhead.fraction jvm-overhead.max jvm-overhead.min managed.consumer-weights
        managed.fraction managed.size min-segment-size network.fraction network.max network.min process.size
        segment-size size starting-segment-size task.heap.size task.off-heap.size
    """,
    "taskmanager.network": """
        adaptive-partitioner.enabled adaptive-partitioner.max-traverse-size bind-policy compression.codec
        detailed-metrics hybrid-shuffle.external-remote-tier-factory.class hybrid-shuffle.remote.path
        netty.client.connectTimeoutSec netty.client.tcp.keepCount netty.client.tcp.keepIdleSec
        netty.client.tcp.keepIntervalSec partition-request-timeout request-backoff.initial request-backoff.max retries
        sort-shuffle.min-buffers tcp-connection.enable-reuse-across-jobs
    """,
    "taskmanager.network.memory": """
        buffer-debloat.enabled buffer-debloat.period buffer-debloat.samples buffer-debloat.target
        buffer-debloat.threshold-percentages buffers-request-timeout exclusive-buffers-request-timeout-ms fraction max
        min read-buffer.required-per-gate.max
    """,
    "taskmanager.runtime": """
        fs-timeout fs_timeout hashjoin-bloom-filters large-record-handler max-fan sort-spilling-threshold
    """,
    "user.artifacts": "artifact-list base-dir http-headers raw-http-enabled",
    "web": """
        access-control-allow-origin adaptive-scheduler.rescale-history.size address cancel.enable checkpoints.history
        exception-history-size history log.path port refresh-interval rescale.enable submit.enable timeout tmpdir
        upload.dir
    """,
    "yarn": """
        application-attempt-failures-validity-interval application-attempts application-master.port appmaster.vcores
        classpath.include-user-jar container-start-command-template containers.vcores file-replication flink-dist-jar
        heartbeat-delay heartbeat.container-request-interval heartbeat.interval modify.acls
        per-job-cluster.include-user-jar properties-file.location provided.lib.dirs provided.usrlib.dir
        rolled-logs.exclude-pattern rolled-logs.include-pattern ship-archives ship-directories ship-files
        staging-directory tags taskmanager.node-label view.acls
    """,
    "yarn.application": "id name node-label priority queue type",
    "yarn.security": """
        appmaster.delegation.token.services kerberos.additionalFileSystems kerberos.localized-keytab-path
        kerberos.ship-local-keytab
    """,
}
"""Names after a prefix that they share."""
_OTHERS = """
    application-result-store.delete-on-commit application-result-store.storage-path cleanup-strategy
    compiler.delimited-informat.max-line-samples compiler.delimited-informat.max-sample-len
    compiler.delimited-informat.min-line-samples events.reporters external-resources heartbeat.interval
    heartbeat.rpc-failure-threshold heartbeat.timeout high-availability historyserver.log.jobmanager.url-pattern
    historyserver.log.taskmanager.url-pattern io.tmp.dirs jmx.server.port
    job-event.store.write-buffer.flush-interval job-event.store.write-buffer.size
    job-manager.max-attempts-history-size job-result-store.delete-on-commit job-result-store.storage-path
    job.autoscaler.enabled library-cache-manager.cleanup.interval local.number-taskmanager
    minicluster.number-of-taskmanagers parallelism.default plugin.classloader.parent-first-patterns.additional
    plugin.classloader.parent-first-patterns.default process.jobmanager.working-dir process.taskmanager.working-dir
    process.working-dir recovery.jobmanager.port recovery.mode restart-strategy savepoints.state.backend.fs.dir
    scheduler-mode shuffle-service-factory.class sink.committer.retries slot.idle.timeout slot.request.max-interval
    slot.request.timeout source.reader.close.timeout source.reader.element.queue.capacity
    sql-client.execution.max-table-result.rows sql-client.execution.result-mode sql-client.verbose
    sql-gateway.worker.keepalive-time sql-gateway.worker.threads.max sql-gateway.worker.threads.min
    timerservice.exceptional.shutdown.timeout traces.checkpoint.span-detail-level traces.reporters
    zookeeper.sasl.disable zookeeper.sasl.login-context-name zookeeper.sasl.service-name
"""
FAMILIES = ("metrics.reporter.", "traces.reporter.", "events.reporter.", "pipeline.global-job-parameters.", "s3.",
            "fs.", "external-resource.", "flink.hadoop.", "flink.yarn.", "__table.")
"""Prefixes after which a user's own names come (of reporters, parameters, clients), or Flink's internal ones."""

FLINK = frozenset(f"{prefix}.{name}" for prefix, names in _GROUPS.items() for name in names.split()) | frozenset(
    _OTHERS.split())
