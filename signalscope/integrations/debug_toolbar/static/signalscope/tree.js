/**
 * A tree as a grid of flat rows: what is below a row follows it, one `aria-level` further in.
 *
 * Rows are folded by hiding those that follow, so the page never nests deeper than its rows do, and
 * rows that are loaded later fold like the others.
 */
export class Tree {
    constructor(element) {
        this.element = element;
        element.addEventListener("click", (event) => this.onClick(event));
        element.addEventListener("keydown", (event) => this.onKey(event));
        element.addEventListener("focusin", (event) => {
            const row = event.target.closest(".ss-row");
            if (row) {
                this.makeStop(row);
            }
        });
        for (const row of this.rows) {
            setLinks(row, -1);
        }
        this.refresh();
    }

    get rows() {
        return [...this.element.querySelectorAll(".ss-row")];
    }

    /** Add rows at the end, and go to the first of them. */
    append(html) {
        const before = this.rows.length;
        this.element.insertAdjacentHTML("beforeend", html);
        this.refresh();
        const added = this.rows.slice(before);
        for (const row of added) {
            setLinks(row, -1);
        }
        added.find((row) => !row.hidden)?.focus({ preventScroll: true });
        return added;
    }

    /** Go to the row of this key, and keep it marked. */
    goTo(key) {
        const row = this.rows.find((other) => other.dataset.key === key);
        row?.classList.add("ss-is-found");
        row?.scrollIntoView({ block: "center" });
        row?.focus({ preventScroll: true });
    }

    setAll(expanded) {
        for (const row of this.element.querySelectorAll("[aria-expanded]")) {
            row.setAttribute("aria-expanded", expanded);
        }
        this.refresh();
    }

    set(row, expanded) {
        if (row.hasAttribute("aria-expanded")) {
            row.setAttribute("aria-expanded", expanded);
            this.refresh();
        }
    }

    /** Hide what is below a folded row, and keep one row that the tab key stops at. */
    refresh() {
        let folded = Number.POSITIVE_INFINITY;
        let stop = null;
        let first = null;
        for (const row of this.rows) {
            const level = levelOf(row);
            row.hidden = level > folded;
            if (!row.hidden) {
                folded =
                    row.getAttribute("aria-expanded") === "false"
                        ? level
                        : Number.POSITIVE_INFINITY;
                first ??= row;
                if (row.tabIndex === 0) {
                    stop = row;
                }
            }
        }
        this.makeStop(stop ?? first);
    }

    makeStop(row) {
        for (const other of this.element.querySelectorAll(
            '.ss-row[tabindex="0"]',
        )) {
            other.tabIndex = -1;
            setLinks(other, -1);
        }
        if (row) {
            row.tabIndex = 0;
            setLinks(row, 0);
        }
    }

    onClick(event) {
        const toggle = event.target.closest("button.ss-toggle");
        if (toggle) {
            const row = toggle.closest(".ss-row");
            this.set(row, row.getAttribute("aria-expanded") === "false");
        }
    }

    onKey(event) {
        const row = event.target.closest(".ss-row");
        const onLink =
            event.target !== row && ["Enter", " "].includes(event.key);
        const plain =
            !(event.altKey || event.ctrlKey || event.metaKey) && !onLink;
        if (row && plain && this.move(row, event.key)) {
            event.preventDefault();
        }
    }

    /** Do what `key` asks for at `row`; say whether there was anything to do. */
    move(row, key) {
        const shown = this.rows.filter((other) => !other.hidden);
        const at = shown.indexOf(row);
        const expanded = row.getAttribute("aria-expanded");
        switch (key) {
            case "ArrowDown":
                return focus(shown[at + 1]);
            case "ArrowUp":
                return focus(shown[at - 1]);
            case "Home":
                return focus(shown[0]);
            case "End":
                return focus(shown.at(-1));
            case "ArrowRight":
                if (expanded === "true") {
                    return focus(shown[at + 1]);
                }
                this.set(row, true);
                return expanded !== null;
            case "ArrowLeft":
                if (expanded === "true") {
                    this.set(row, false);
                    return true;
                }
                return focus(
                    shown
                        .slice(0, at)
                        .findLast((other) => levelOf(other) < levelOf(row)),
                );
            case "Enter":
            case " ":
                this.set(row, expanded === "false");
                return expanded !== null;
            default:
                return false;
        }
    }
}

/** The tab key stops at the links of one row, not at those of hundreds. */
function setLinks(row, tabIndex) {
    for (const link of row.querySelectorAll("a")) {
        link.tabIndex = tabIndex;
    }
}

function levelOf(row) {
    return Number(row.getAttribute("aria-level"));
}

function focus(row) {
    row?.focus();
    return Boolean(row);
}
