// The package has no types.
declare module 'parse-prometheus-text-format' {
  type Value = { value?: string, labels?: Record<string, string>, buckets?: Record<string, string>, count?: string }
  export default function parse (text: string): { name: string, type: string, help: string, metrics: Value[] }[]
}
