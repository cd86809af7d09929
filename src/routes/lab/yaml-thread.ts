// The code of the thread that readYamlInThread starts.
import { parentPort, workerData } from 'node:worker_threads'
import { yamlToJson } from './yaml-to-json.ts'

parentPort!.postMessage(yamlToJson(workerData as string))
