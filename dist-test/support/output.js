/** A place to write to that remembers the text: a pipe, or with `isTTY` a terminal. */
export function anOutput({ isTTY = false } = {}) {
    return {
        isTTY,
        text: '',
        write(text) { this.text += text; }
    };
}
//# sourceMappingURL=output.js.map