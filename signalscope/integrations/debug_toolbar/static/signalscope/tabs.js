/** The panel: its tabs, the filter, sorting, and what comes from the server for them. */
import { readState, writeState } from "./state.js";
import { Tree } from "./tree.js";

const TYPING_PAUSE = 200; // milliseconds

export class Panel {
    constructor(root) {
        this.root = root;
        this.content = root.querySelector(".ss-content");
        this.filter = root.querySelector(".ss-filter");
        this.status = root.querySelector(".ss-status");
        this.tabs = [...root.querySelectorAll("[role=tab]")];
        this.state = { tab: "tree", q: "", sort: "" };
        this.tree = null;
        this.asking = null;
    }

    start() {
        this.root.addEventListener("click", (event) => this.onClick(event));
        this.root.addEventListener("keydown", (event) => this.onKey(event));
        let pause;
        this.filter.addEventListener("input", () => {
            clearTimeout(pause);
            pause = setTimeout(() => this.go({}), TYPING_PAUSE);
        });
        this.adopt();
        const held = readState();
        this.filter.value = held.q;
        if (this.tabs.every((tab) => tab.dataset.tab !== held.tab)) {
            held.tab = "tree"; // one that this request does not have
        }
        if (held.tab !== "tree" || held.q) {
            this.go(held);
        }
    }

    onClick(event) {
        const button = event.target.closest("button");
        if (!button) {
            return;
        }
        const { ss, tab, sort, find, row } = button.dataset;
        if (tab) {
            this.go({ tab, sort: "" });
        } else if (sort) {
            this.sort(sort, button);
        } else if (find) {
            this.filter.value = find;
            this.go({ tab: "tree", q: find, sort: "" });
        } else if (ss === "collapse" || ss === "expand") {
            this.tree.setAll(ss === "expand");
        } else if (ss === "zoom") {
            this.zoom(!this.root.classList.contains("ss-zoomed"));
        } else if (ss === "more") {
            this.showMore(button);
        } else if (ss === "top") {
            this.go({});
        } else if (ss === "clear") {
            this.filter.value = "";
            this.filter.focus();
            this.go({ q: "" });
        } else if (ss === "jump") {
            this.filter.value = "";
            this.go({ tab: "tree", q: "", sort: "" }, row);
        }
    }

    onKey(event) {
        if (event.key === "Escape" && event.target === this.filter) {
            if (this.filter.value) {
                // It empties the box, and does not close the panel as well.
                event.stopPropagation();
            }
            return;
        }
        const at = this.tabs.indexOf(event.target);
        const last = this.tabs.length - 1;
        const to = {
            ArrowRight: at === last ? 0 : at + 1,
            ArrowLeft: at === 0 ? last : at - 1,
            Home: 0,
            End: last,
        }[event.key];
        if (at >= 0 && to !== undefined) {
            event.preventDefault();
            this.tabs[to].focus();
            this.tabs[to].click();
        }
    }

    sort(key, button) {
        const now = button.closest("th").getAttribute("aria-sort");
        const highestFirst =
            now === "ascending" ||
            (now === null && "numeric" in button.dataset);
        this.go({ sort: highestFirst ? `-${key}` : key }).then(() =>
            this.content.querySelector(`[data-sort="${key}"]`)?.focus(),
        );
    }

    /** Show what `change` makes of the state; with `row`, the page of the tree that has this row. */
    async go(change, row = "") {
        // What was typed a moment ago counts already.
        Object.assign(this.state, { q: this.filter.value.trim() }, change);
        writeState(this.state);
        for (const tab of this.tabs) {
            const chosen = tab.dataset.tab === this.state.tab;
            tab.ariaSelected = chosen;
            tab.tabIndex = chosen ? 0 : -1;
            if (chosen) {
                this.content.setAttribute("aria-labelledby", tab.id);
            }
        }
        this.asking?.abort();
        const asking = new AbortController();
        this.asking = asking;
        this.content.ariaBusy = "true";
        try {
            const data = await this.ask(row ? { row } : {}, asking.signal);
            this.content.innerHTML = data.content;
            this.status.textContent = this.state.q ? data.status : "";
            this.adopt();
            this.tree?.goTo(row);
        } catch (error) {
            if (error.name !== "AbortError") {
                this.complain(this.content, error);
            }
        } finally {
            if (this.asking === asking) {
                this.content.ariaBusy = "false";
            }
        }
    }

    async showMore(button) {
        const more = button.closest(".ss-more");
        button.disabled = true;
        try {
            const data = await this.ask({ first: button.dataset.first });
            if (this.tree) {
                this.tree.append(data.rows);
            } else {
                this.content
                    .querySelector(".ss-lines")
                    .insertAdjacentHTML("beforeend", data.rows);
            }
            more.outerHTML = data.more;
            this.zoom(this.root.classList.contains("ss-zoomed"));
        } catch (error) {
            button.disabled = false;
            this.complain(more.querySelector(".ss-remaining"), error);
        }
    }

    async ask(parameters, signal) {
        const { tabUrl, requestId } = this.root.dataset;
        const url = new URL(tabUrl, globalThis.location);
        const all = { request_id: requestId, ...this.state, ...parameters };
        url.search = new URLSearchParams(all);
        const response = await fetch(url, {
            credentials: "same-origin",
            signal,
        });
        if (!response.ok) {
            throw new Error(`The server answered ${response.status}.`);
        }
        return response.json();
    }

    complain(element, error) {
        element.textContent = `This could not be loaded. ${error.message} Reload the page if the toolbar no longer has this request.`;
    }

    /** Make the new content work. */
    adopt() {
        const element = this.content.querySelector(".ss-tree");
        this.tree = element ? new Tree(element) : null;
        this.zoom(this.root.classList.contains("ss-zoomed"));
    }

    /** Let the axis span the signals alone, or the whole request again. */
    zoom(zoomed) {
        this.root.classList.toggle("ss-zoomed", zoomed);
        const button = this.content.querySelector('[data-ss="zoom"]');
        if (!button) {
            return;
        }
        button.ariaPressed = zoomed;
        const { signalsView, requestView } = button.dataset;
        for (const bars of this.content.querySelectorAll(".ss-bars")) {
            bars.setAttribute("viewBox", zoomed ? signalsView : requestView);
        }
    }
}
