/**
 * What the panel shows, kept where it survives a reload: `{tab, q, sort}`.
 *
 * It stands in the address, behind "#signalscope:", so that it can be passed on; but never in place
 * of a fragment that is the page's own. Besides, the browser's tab remembers it.
 */
const MARK = "#signalscope:";
const KEY = "signalscope";
const START = { tab: "tree", q: "", sort: "" };

export function readState() {
    const { hash } = globalThis.location;
    const text = hash.startsWith(MARK) ? hash.slice(MARK.length) : remembered();
    const found = new URLSearchParams(text);
    return Object.fromEntries(
        Object.entries(START).map(([key, usual]) => [
            key,
            found.get(key) ?? usual,
        ]),
    );
}

export function writeState(state) {
    const held = new URLSearchParams();
    for (const [key, usual] of Object.entries(START)) {
        if (state[key] !== usual) {
            held.set(key, state[key]);
        }
    }
    remember(held.toString());
    const { hash, pathname, search } = globalThis.location;
    if (hash === "" || hash.startsWith(MARK)) {
        const fragment = held.size > 0 ? MARK + held : "";
        // Not by setting the fragment, which the page would be told of.
        history.replaceState(history.state, "", pathname + search + fragment);
    }
}

// Where a page may store nothing, asking for the storage is an error.
function remembered() {
    try {
        return sessionStorage.getItem(KEY) ?? "";
    } catch {
        return "";
    }
}

function remember(text) {
    try {
        sessionStorage.setItem(KEY, text);
    } catch {
        // Then the address alone has to do.
    }
}
