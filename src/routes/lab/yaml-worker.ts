import { parentPort, workerData } from 'node:worker_threads'
import { readYaml, YamlError } from '../../domain/lab-file/read-yaml.ts'
import { storageFault } from '../../domain/values.ts'
import { keptAsText } from '../../domain/whole-numbers.ts'
import type { YamlOutcome } from './yaml-reader.ts'

// A thread that parses one YAML text and ends.

function outcomeOf (text: string): YamlOutcome {
  try {
    const value = readYaml(text)
    const unfit = storageFault(value)
    // Passing JSON between threads is much faster than a copy of the objects.
    return unfit === null ? { json: JSON.stringify(value), keptAsText: keptAsText(value) } : { unfit }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    const { detail, line, column } = error
    return { fault: { detail, line, column } }
  }
}

parentPort!.postMessage(outcomeOf(workerData as string))
