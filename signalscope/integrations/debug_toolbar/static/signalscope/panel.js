/**
 * Brings the panel to life: folding, the zoom of the time axis, further rows.
 *
 * The toolbar loads this module once, and puts new content into the page whenever the panel is opened
 * or the history switches to another request.
 */
import { Tree } from "./tree.js";

const EVERY_BAR = ".ss-bars";

function toolbarElement() {
    const host = document.getElementById("djDebugRoot");
    return (host?.shadowRoot ?? host)?.querySelector("#djDebug");
}

function setUp(root) {
    root.dataset.ready = "";
    const element = root.querySelector(".ss-tree");
    if (!element) {
        return;
    }
    const tree = new Tree(element);
    root.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-ss]");
        switch (button?.dataset.ss) {
            case "collapse":
                tree.setAll(false);
                break;
            case "expand":
                tree.setAll(true);
                break;
            case "zoom":
                zoom(root, button, button.ariaPressed !== "true");
                break;
            case "more":
                loadMore(root, tree, button);
                break;
        }
    });
}

/** Let the axis span the signals alone, or the whole request again. */
function zoom(root, button, zoomed) {
    button.ariaPressed = zoomed;
    root.classList.toggle("ss-zoomed", zoomed);
    const view = zoomed
        ? button.dataset.signalsView
        : button.dataset.requestView;
    for (const bars of root.querySelectorAll(EVERY_BAR)) {
        bars.setAttribute("viewBox", view);
    }
}

async function loadMore(root, tree, button) {
    const { rowsUrl, requestId } = tree.element.dataset;
    const url = new URL(rowsUrl, globalThis.location);
    url.searchParams.set("request_id", requestId);
    url.searchParams.set("first", button.dataset.first);
    const more = button.closest(".ss-more");
    button.disabled = true;
    try {
        const response = await fetch(url, { credentials: "same-origin" });
        if (!response.ok) {
            throw new Error(`The server answered ${response.status}.`);
        }
        const data = await response.json();
        tree.append(data.rows);
        more.outerHTML = data.more;
        const zoomButton = root.querySelector('[data-ss="zoom"]');
        if (zoomButton?.ariaPressed === "true") {
            zoom(root, zoomButton, true);
        }
    } catch (error) {
        button.disabled = false;
        more.querySelector(".ss-remaining").textContent =
            `Further rows could not be loaded. ${error.message} Reload the page if the toolbar no longer has this request.`;
    }
}

function start() {
    const toolbar = toolbarElement();
    const setUpAll = () => {
        for (const root of toolbar.querySelectorAll(".ss:not([data-ready])")) {
            setUp(root);
        }
    };
    toolbar?.addEventListener("djdt.panel.render", setUpAll);
    if (toolbar) {
        setUpAll();
    }
}

// The content may be there already, since this loads beside it; or the page may still be coming.
if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
} else {
    start();
}
