import { parentPort, workerData } from 'node:worker_threads'
import { tableColumns, type TableKind } from './columns.ts'
import { parquetFile } from './parquet.ts'
import type { ToThread } from './parquet-thread.ts'

// A thread that writes one Parquet file.

const file = parquetFile(tableColumns[workerData as TableKind])

parentPort!.on('message', (message: ToThread) => {
  const bytes = message === null ? file.end() : file.add(JSON.parse(message) as Record<string, unknown>[])
  parentPort!.postMessage(bytes, [bytes.buffer as ArrayBuffer])
})
