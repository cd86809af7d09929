import { parentPort, workerData } from 'node:worker_threads'
import { readYaml, YamlError } from '../../domain/lab-file/read-yaml.ts'
import { exceededLimit } from '../../domain/json-size.ts'
import { storageFault } from '../../domain/values.ts'
import { keptAsText } from '../../domain/whole-numbers.ts'
import type { YamlOutcome } from './yaml-reader.ts'

// A thread that parses one YAML text and ends.

function outcomeOf (text: string): YamlOutcome {
  try {
    const value = readYaml(text)
    const unfit = storageFault(value)
    if (unfit !== null) return { unfit }
    // Passing JSON between threads is much faster than a copy of the objects.
    const json = JSON.stringify(value)
    // Aliases make large values of small texts. What comes after this costs as much for YAML as for JSON.
    const limit = exceededLimit(Buffer.from(json))
    return limit !== null && limit !== 'levels' ? { limit } : { json, keptAsText: keptAsText(value) }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    const { detail, line, column } = error
    return { fault: { detail, line, column } }
  }
}

parentPort!.postMessage(outcomeOf(workerData as string))
