//! Dictionaries that ship with the program.

use safety::Form;

/// Names of the shipped dictionaries.
pub const SHIPPED: [&str; 1] = ["starter"];

/// A shipped dictionary by its name.
pub fn shipped(name: &str) -> Option<(Form, &'static str)> {
    match name {
        "starter" => Some((Form::Toml, include_str!("../../data/starter.toml"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use safety::{Defaults, Dictionary, Direction, Engine, RuleSet, read};

    use super::*;

    fn starter() -> RuleSet {
        let (form, text) = shipped("starter").unwrap();
        let (entries, problems) = read(form, text, &Defaults::default());
        assert_eq!(problems, []);
        assert!(entries.len() >= 150, "{}", entries.len());
        RuleSet::builder("d").dictionary(&Dictionary::new("starter", entries)).build().unwrap()
    }

    #[test]
    fn every_shipped_dictionary_is_there() {
        assert!(SHIPPED.iter().all(|name| shipped(name).is_some()) && shipped("other").is_none());
    }

    #[test]
    fn the_starter_list_finds_what_it_is_for() {
        let starter = starter();
        for (text, rule) in [
            ("来网上赌场开户送彩金", "starter/gambling"),
            ("出售冰毒，货到付款", "starter/drugs"),
            ("同城约炮 加我", "starter/porn"),
            ("稳赚不赔，带你上岸", "starter/fraud"),
            ("加我微信详聊", "starter/private_contact"),
            ("你这个傻逼", "starter/abuse"),
            ("add me on telegram", "starter/private_contact"),
            ("best online casino", "starter/gambling"),
            ("go kill yourself", "starter/abuse"),
        ] {
            let found = starter.judge(Direction::Input, text);
            assert!(found.rules.iter().any(|found| found == rule), "{text}: {:?}", found.rules);
        }
    }

    #[test]
    fn the_starter_list_leaves_ordinary_talk_alone() {
        let starter = starter();
        for text in [
            "请问怎么退款？我的订单还没有收到。",
            "医生说吗啡只能在医院用。",
            "真是大麻烦，冰箱坏了，毒性很大的清洁剂不要混用。",
            "微信支付失败了，怎么办？支付宝可以吗？",
            "你们的微信公众号叫什么？",
            "反赌博、反诈骗宣传周开始了。",
            "我想做一个关于禁毒的海报。",
            "性价比高吗？成人票多少钱一张？",
            "What is the weather in Essex? The class passed.",
            "Scunthorpe United play at home on Saturday.",
            "Telegram bots: how does the API work?",
            "她约我去打炮仗店看看，说是过年用的。",
            "他妈妈的草莓蛋糕真好吃，操作也简单。",
            "傻傻分不清楚",
        ] {
            let found = starter.judge(Direction::Input, text);
            assert!(found.hits.is_empty(), "{text}: {:?}", found.hits);
        }
    }
}
